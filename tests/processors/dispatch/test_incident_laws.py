"""Laws of incidents at paging services, for any evening, in floods and on other routes."""

from typing import Any

from hypothesis import given, settings, strategies as st

from schemas.alerts import Notification
from tests.processors.dispatch.site import Site, after, left_open, of, plant
from tests.processors.dispatch.test_laws import QUIET, evening, told

STEPS = [
    {"schedules": ["night"], "endpoints": ["duty"], "wait": "5m"},
    {"people": ["ben"], "wait": "10m"},
]
GRAVE = {"matchers": ["severity=critical"], "receiver": "quality", "group_by": ["equipment"]}
FLOODED: dict[str, Any] = {
    "chains": {"call": {"steps": STEPS}, "quality": {"steps": STEPS[::-1]}},
    "alerts": dict(QUIET["alerts"])
    | {"flood": {"more_than": 2}, "route": {"repeat_interval": "40m", "routes": [GRAVE]}},
}
OTHERWISE: dict[str, Any] = {
    **FLOODED,
    "alerts": {**FLOODED["alerts"], "route": {"receiver": "quality"}},
}


def ended(site: Site) -> Site:
    """The site after all that fires is over."""
    for one in list(site.state.desk.alerts.values()):
        if one.is_firing:
            over = {"state": "resolved", "at": after(601)}
            site.tell(one.alert.model_copy(update=over))
    site.wait(700)
    return site


@settings(max_examples=60, deadline=None)
@given(evening())
def test_when_all_is_over_no_incident_is_left_open(events):
    assert not left_open(ended(told(events, said=FLOODED)).said)


@settings(max_examples=40, deadline=None)
@given(evening(), st.integers(0, 20))
def test_nor_is_one_after_another_plant_file(events, number):
    site = told(events[:number], said=FLOODED)
    site.file = plant(**OTHERWISE)
    site.tell(*events[number:])
    site.wait(600)

    assert not left_open(ended(site).said)


@settings(max_examples=60, deadline=None)
@given(evening())
def test_a_service_is_paged_for_nothing_that_is_over(events):
    for one in of(told(events, said=FLOODED).said, Notification):
        if one.why in ("firing", "changed", "repeat", "escalated", "reminder", "summary"):
            assert any(each.state == "firing" for each in one.alerts) or one.recipient != "duty"


@settings(max_examples=40, deadline=None)
@given(evening(), st.lists(st.integers(0, 300), max_size=20))
def test_ticks_and_restarts_change_nothing_of_incidents(events, ticks):
    plain = told(events, said=FLOODED)
    restarted = told(events, said=FLOODED, ticks=ticks, restarts=True)

    names = [[one.id for one in of(site.said, Notification)] for site in (plain, restarted)]
    assert names[0] == names[1]
