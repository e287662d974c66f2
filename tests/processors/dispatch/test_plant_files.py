"""Another plant file while alerts stand open: nobody is forgotten."""

import json
from typing import Any

import pytest

from schemas.alerts import Notification
from schemas.plant.load import PlantFile, load_plant
from tests.processors.dispatch.site import (
    PLANT,
    START,
    Site,
    alert,
    left_open,
    merged,
    of,
    plant,
)


def waiting(wait: str):
    """The plant file whose first step waits for so long."""
    first, *others = PLANT["chains"]["call"]["steps"]
    return plant(chains={"call": {"steps": [first | {"wait": wait}, *others]}})


PAGING: dict[str, Any] = {
    "chains": {"call": {"steps": [{"schedules": ["night"], "endpoints": ["duty"], "wait": "5m"}]}}
}


def renamed(said: dict[str, Any] | None = None) -> PlantFile:
    """The plant file with another name for its receiver."""
    found = merged(PLANT, said or {})
    alerts, receivers = found["alerts"], dict(found["alerts"]["receivers"])
    receivers["crew"] = receivers.pop("on_call")
    route = alerts["route"] | {"receiver": "crew"}
    return load_plant(
        json.dumps(found | {"alerts": alerts | {"route": route, "receivers": receivers}}), "new"
    )


def told(site: Site, name: str) -> list[tuple[float, str, str]]:
    """Minute, why and who, of messages about alerts of this name."""
    return [
        ((one.at - START).total_seconds() / 60, one.why, one.recipient)
        for one in of(site.said, Notification)
        if any(each.labels["alertname"] == name for each in one.alerts)
    ]


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize(
    ("before", "after", "changed", "escalated"),
    [
        pytest.param("5m", "15m", 2, 15.5, id="longer"),
        pytest.param("15m", "5m", 2, 5.5, id="shorter"),
        pytest.param("15m", "5m", 10, 10, id="so short that it is over already"),
    ],
)
def test_an_open_alert_escalates_by_the_waits_of_the_new_chain(
    before, after, changed, escalated, restarts
):
    site = Site(waiting(before), restarts=restarts)
    site.tell(alert(0))
    site.wait(1)
    site.file = waiting(after)
    site.tell(alert(changed, alertname="Cold"))
    site.wait(30)

    assert told(site, "Hot")[1] == (escalated, "escalated", "ben")


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("next_one", [None, 1.3], ids=["a tick follows", "an alert follows"])
def test_an_alert_that_names_a_file_which_was_replaced_is_told_by_the_one_in_force(
    next_one, restarts
):
    old, new = plant(), renamed()
    site = Site(old, restarts=restarts)
    site.tell(alert(0))
    site.file = new
    site.tell(alert(1, alertname="Cold"))
    site.file = old
    site.tell(alert(1.2, alertname="Late"))
    site.file = new
    if next_one is not None:
        site.tell(alert(next_one, alertname="Loud"))
    site.wait(10)

    assert told(site, "Late") == [(1.7, "firing", "ana"), (6.7, "escalated", "ben")]


@pytest.mark.parametrize("restarts", [False, True])
def test_what_only_a_file_that_was_replaced_keeps_quiet_is_told(restarts):
    down = {"source": ["alertname=Down"], "target": ["alertname=Hot"], "equal": ["equipment"]}
    old, new = plant(alerts={"inhibitions": [down]}), plant()
    site = Site(old, restarts=restarts)
    site.tell(alert(0, alertname="Down"))
    site.file = new
    site.tell(alert(1, alertname="Cold"))
    site.file = old
    site.tell(alert(1.2))
    site.file = new
    site.wait(10)

    assert told(site, "Hot")[0] == (1.7, "firing", "ana")


@pytest.mark.parametrize("restarts", [False, True])
def test_an_escalation_is_not_forgotten_over_an_old_file_in_which_it_is_not_due_yet(restarts):
    old, new = waiting("15m"), waiting("5m")
    site = Site(old, restarts=restarts)
    site.tell(alert(0))
    site.file = new
    site.tell(alert(2, alertname="Cold"))
    site.file = old
    site.tell(alert(6, alertname="Late"))
    site.file = new
    site.wait(14)

    assert told(site, "Hot")[1] == (5.5, "escalated", "ben")


@pytest.mark.parametrize("restarts", [False, True])
def test_the_end_of_an_alert_is_told_though_its_receiver_has_gone_meanwhile(restarts):
    site = Site(plant(**PAGING), restarts=restarts)
    site.tell(alert(0))
    site.wait(1)
    assert left_open(site.said)
    site.tell(alert(2, "resolved", since="0"))
    site.file = renamed(PAGING)
    site.tell(alert(3, alertname="Cold", now="yes"))
    site.tell(alert(4, "resolved", alertname="Cold", now="yes", since="3"))
    site.wait(30)

    assert not left_open(site.said)
    assert (5.5, "resolved", "ana") in told(site, "Hot")
