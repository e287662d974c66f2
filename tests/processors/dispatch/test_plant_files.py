"""Another plant file while alerts stand open: nobody is forgotten."""

import pytest

from schemas.alerts import Notification
from tests.processors.dispatch.site import PLANT, START, Site, alert, of, plant


def waiting(wait: str):
    """The plant file whose first step waits for so long."""
    first, *others = PLANT["chains"]["call"]["steps"]
    return plant(chains={"call": {"steps": [first | {"wait": wait}, *others]}})


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
