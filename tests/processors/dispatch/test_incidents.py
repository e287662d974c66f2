"""Incidents at paging services end whatever happens: floods, other routes, other plant files."""

import pytest

from schemas.alerts import Notification
from tests.processors.dispatch.site import (
    Site,
    acknowledge,
    after,
    alert,
    left_open,
    of,
    pages,
    plant,
    unacknowledge,
)

DUTY = [{"schedules": ["night"], "endpoints": ["duty"], "wait": "5m"}]
EACH = {"route": {"group_by": ["all"], "group_wait": "0", "routes": []}}
HOOK = {"type": "webhook", "url": "http://127.0.0.1/hook"}


def site_of(**alerts) -> Site:
    """A site that pages a service at the first step, restarted after every event."""
    return Site(plant(chains={"call": {"steps": DUTY}}, alerts=alerts), restarts=True)


def flooded(more_than: int, **alerts) -> Site:
    """So many messages and each recipient has a flood; every alert is a group."""
    return site_of(**EACH, flood={"more_than": more_than}, **alerts)


def told(site: Site, who: str = "duty") -> list[tuple[str, str]]:
    """What the service is told of which incident: its group without what names it in full."""
    return [
        (one.why, "flood" if one.group.startswith("flood") else one.group_labels["equipment"])
        for one in of(site.said, Notification)
        if one.recipient == who
    ]


def test_a_flood_holds_back_no_end_of_an_incident():
    site = flooded(1)
    site.tell(alert(0), alert(1, "resolved", since="0"))
    site.wait(60)

    assert told(site) == [("firing", "press"), ("resolved", "press")]
    assert [why for _, why, who, _ in pages(site.said) if who == "ana"] == ["firing", "summary"]


def test_a_flood_holds_back_no_end_at_a_webhook():
    steps = [{"endpoints": ["hook"], "wait": "5m"}]
    file = plant(
        channels={"hook": HOOK},
        chains={"call": {"steps": steps}},
        alerts={**EACH, "flood": {"more_than": 1}},
    )
    site = Site(file, restarts=True)
    site.tell(alert(0), alert(1, "resolved", since="0"))
    site.wait(60)

    assert told(site, "hook") == [("firing", "press"), ("resolved", "press")]


def test_a_summary_at_a_paging_service_is_an_incident_that_ends_with_the_last_of_its_groups():
    site = flooded(1)
    site.tell(alert(0), alert(1, equipment="mixer"), alert(1, equipment="oven"))
    site.wait(2)
    assert told(site) == [("firing", "press"), ("summary", "flood")]

    site.tell(alert(3, "resolved", since="0"), alert(3, "resolved", since="1", equipment="mixer"))
    site.wait(10)
    assert {group.partition(":")[0] for group in left_open(site.said)} == {"flood"}

    site.tell(alert(11, "resolved", since="1", equipment="oven"))
    site.wait(12)
    assert told(site)[-2:] == [("resolved", "oven"), ("resolved", "flood")]
    assert not left_open(site.said)


def test_every_summary_pages_anew_and_all_of_them_end():
    site = flooded(1)
    site.tell(alert(0), alert(1, equipment="mixer"))
    site.wait(2)
    site.tell(alert(3, equipment="oven"))
    site.wait(12)
    assert [why for why, _ in told(site)] == ["firing", "summary", "summary"]
    assert len(left_open(site.said)) == 3

    for since, name in (("0", "press"), ("1", "mixer"), ("3", "oven")):
        site.tell(alert(20, "resolved", since=since, equipment=name))
    site.wait(21)
    assert not left_open(site.said)


def test_what_is_over_before_the_summary_pages_nobody():
    site = flooded(1)
    site.tell(alert(0), alert(0, "resolved", since="0"), alert(1, equipment="mixer"))
    site.wait(1.2)
    site.tell(alert(1.3, "resolved", since="1", equipment="mixer"))
    site.wait(60)

    assert [why for why, _ in told(site)] == ["firing", "resolved", "resolved"]
    assert not left_open(site.said)


def test_a_summary_is_acknowledged_once_all_that_fires_is():
    site = flooded(1)
    site.tell(alert(0), alert(1, equipment="mixer"))
    site.wait(2)
    site.tell(acknowledge(3))
    assert told(site)[-1] == ("acknowledged", "press")

    site.tell(acknowledge(4, equipment="mixer"))
    assert told(site)[-2:] == [("acknowledged", "mixer"), ("acknowledged", "flood")]
    site.tell(unacknowledge(5, equipment="mixer"))
    site.wait(20)
    assert told(site)[5:7] == [("withdrawn", "mixer"), ("summary", "flood")]


def test_another_receiver_by_another_plant_file_ends_the_incident_of_the_first():
    site = site_of(**EACH)
    site.tell(alert(0))
    site.wait(1)
    site.file = plant(
        chains={"call": {"steps": DUTY}}, alerts={"route": {**EACH["route"], "receiver": "quality"}}
    )
    site.tell(alert(2, equipment="mixer"))
    site.wait(3)

    assert told(site) == [("firing", "press"), ("withdrawn", "press")]
    (end,) = [one for one in of(site.said, Notification) if one.why == "withdrawn"]
    assert end.comment == "its alerts are told elsewhere"
    assert (end.expires_at - end.at).total_seconds() > 3600
    assert not left_open(site.said)
    assert (2, "firing", "cai", "mail") in pages(site.said)
    site.tell(alert(30, "resolved", since="0"))
    site.wait(40)
    assert told(site)[2:] == []
    assert not any("press" in name for name in site.engine.dump(site.state) if "group" in name)


def test_another_receiver_by_severity_ends_the_incident_of_the_first():
    routes = [{"matchers": ["severity=critical"], "receiver": "quality"}]
    site = site_of(route={**EACH["route"], "routes": routes})
    site.tell(alert(0))
    site.wait(1)
    site.tell(alert(2, severity="critical", since="0"))

    assert told(site) == [("firing", "press"), ("withdrawn", "press")]


def test_the_same_service_behind_the_new_receiver_has_a_new_incident():
    routes = [{"matchers": ["severity=critical"], "receiver": "on_call"}]
    site = site_of(route={**EACH["route"], "routes": routes})
    site.tell(alert(0), alert(2, severity="critical", since="0"))
    site.wait(3)
    assert [why for why, _ in told(site)] == ["firing", "withdrawn", "firing"]

    site.tell(alert(4, "resolved", since="0"))
    site.wait(20)
    assert not left_open(site.said)


def test_an_incident_stands_while_others_of_its_group_fire_that_the_service_was_told_of():
    routes = [{"matchers": ["severity=critical"], "receiver": "quality"}]
    site = site_of(route={"group_by": ["alertname"], "group_wait": "1m", "routes": routes})
    site.tell(alert(0), alert(0, equipment="mixer"))
    site.wait(2)
    site.tell(alert(3, severity="critical", since="0"))
    assert [why for _, why, who, _ in pages(site.said) if who == "duty"] == ["firing"]

    site.tell(alert(8, "resolved", since="0", equipment="mixer"))
    site.wait(20)
    assert [why for _, why, who, _ in pages(site.said) if who == "duty"] == ["firing", "resolved"]


@pytest.fixture
def later() -> Site:
    """A site whose service was paged by the second step; then what fires is acknowledged."""
    steps = [{"schedules": ["night"], "wait": "7m"}, {"endpoints": ["duty"], "wait": "60m"}]
    site = Site(plant(chains={"call": {"steps": steps}}), restarts=True)
    site.tell(alert(0), alert(0, equipment="mixer"))
    site.wait(7.5)
    site.tell(acknowledge(8), acknowledge(8, equipment="mixer"), alert(9, equipment="oven"))
    return site


def test_who_hears_of_nothing_but_ends_beside_news_of_others_is_told_an_end(later):
    for name in ("press", "mixer"):
        later.tell(alert(10, "resolved", since="0", equipment=name))
    later.tell(alert(11, equipment="lamp"))
    later.wait(15)

    heard = [one for one in of(later.said, Notification) if one.recipient == "duty"]
    assert [one.why for one in heard] == ["escalated", "acknowledged", "resolved"]
    assert (heard[-1].total, heard[-1].at) == (2, after(14))
    assert not left_open(later.said)


def test_an_end_that_is_told_with_news_leaves_the_incident_of_what_still_fires(later):
    later.tell(alert(10, "resolved", since="0"), alert(11, equipment="lamp"))
    later.wait(15)

    assert [why for _, why, who, _ in pages(later.said) if who == "duty"] == [
        "escalated",
        "acknowledged",
    ]
    assert (14, "changed", "ana", "mail") in pages(later.said)


@pytest.mark.parametrize("rises_at", [6, 7])
def test_more_severe_passes_the_cooldown_of_every_step(rises_at):
    file = plant(
        chains={"call": {"steps": [{"people": ["ana"], "wait": "2m"}, {"people": ["ben"]}]}},
        alerts={"route": {"group_wait": "0"}, "cooldown": "1h"},
    )
    site = Site(file, restarts=True)
    site.tell(alert(0))
    site.wait(3)
    site.tell(acknowledge(4), alert(rises_at, severity="critical", since="0"))
    site.wait(20)

    said = [(at, who) for at, why, who, channel in pages(site.said) if channel == "sms"]
    assert said == [(rises_at, "ana"), (rises_at + 2, "ben")]


def test_who_took_care_of_something_less_severe_is_asked_at_once():
    site = Site(plant(alerts={"route": {"group_wait": "0"}}), restarts=True)
    site.tell(alert(0, severity="critical"), alert(1, equipment="mixer"))
    site.wait(5)
    site.tell(acknowledge(5.5), acknowledge(5.5, equipment="mixer"))
    site.tell(alert(6, severity="critical", since="1", equipment="mixer"))

    assert (6, "firing", "ana", "mail") in pages(site.said)
