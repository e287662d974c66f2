"""Machines that live ten times as fast are waited for a tenth of the time."""

from datetime import timedelta
from typing import Any

from plantstream.simulator.client_side import document_of, with_document
from plantstream.simulator.quickened import quickened as quickened_

S = timedelta(seconds=1)


def quickened(plant, speed) -> Any:
    return quickened_(plant, speed)


def rule(plant, name):
    return next(one for one in plant.plant.alert_rules if one.alert == name)


def test_rules_wait_a_tenth_of_the_time(ninu):
    quick = quickened(ninu, 10)
    assert rule(quick, "ReactorCriticalTemperature").for_ == 3 * S
    assert rule(quick, "UnplannedDowntime").when.longer_than == 360 * S
    assert rule(quick, "UnplannedDowntime").ladder[0].after == 360 * S
    assert rule(quick, "QualityTestFailure").when.within == 30 * S


def test_chains_and_routes_wait_a_tenth_also_where_the_file_leaves_the_default(ninu):
    quick = quickened(ninu, 10).plant
    assert [one.wait for one in quick.chains["production"].steps] == [30 * S, 60 * S, 90 * S]
    assert quick.chains["management"].steps[0].wait == 30 * S
    assert quick.alerts.route.group_interval == 30 * S
    assert quick.alerts.route.group_wait == 0 * S
    assert quick.alerts.cooldown == 30 * S
    assert quick.alerts.flood.within == 60 * S
    assert quick.alerts.receivers["security"].cooldown == 6 * S
    assert quick.alerts.route.routes[2].repeat_interval == 360 * S


def test_silence_is_measured_by_the_clock_and_links_hold_as_long(ninu):
    quick = quickened(ninu, 10)
    assert rule(quick, "SourceSilent").when.after == 60 * S
    assert quick.plant.alerts.link_expires == timedelta(hours=24)
    assert quick.plant.schedules == ninu.plant.schedules


def test_what_an_anchor_of_the_file_shares_is_quickened_once(ninu):
    document = document_of(ninu)
    first, second = document["alert_rules"][9], dict(document["alert_rules"][9])
    second["alert"] = "AnotherDowntime"
    assert second["when"] is first["when"]
    document["alert_rules"].append(second)
    quick = quickened(with_document(ninu, document), 10)
    assert rule(quick, "AnotherDowntime").when.longer_than == 360 * S


def test_parts_of_conditions_are_quickened_as_well(ninu):
    document = document_of(ninu)
    rate = {"rate_of": "temperature", "per": "1m", "above": 5}
    last = {"any": [{"all": [rate]}, {"not": {"state": ["delay"], "longer_than": "10s"}}]}
    document["alert_rules"][4]["when"] = last
    when = quickened(with_document(ninu, document), 4).plant.alert_rules[4].when
    assert when.any[0].all[0].per == 15 * S
    assert when.any[1].not_.longer_than == 2.5 * S


def test_at_the_speed_of_clocks_nothing_changes(ninu):
    assert quickened(ninu, 1).plant.alert_rules == ninu.plant.alert_rules
    assert quickened(ninu, 1).plant.chains == ninu.plant.chains
