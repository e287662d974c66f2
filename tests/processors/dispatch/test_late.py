"""Alerts that are heard of long after they were: an edge is back after hours."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from processors.dispatch import engine
from schemas.alerts import Notification
from tests.processors.dispatch.site import START, Site, acknowledge, after, alert, of, pages, plant

DAY = 24 * 60
PAGING: dict[str, Any] = {
    "chains": {"call": {"steps": [{"schedules": ["night"], "endpoints": ["duty"], "wait": "5m"}]}}
}


def awake(until: float = 0, *, restarts: bool = False, **said) -> Site:
    """A site that has heard of something of this minute, and of which nothing stands open."""
    site = Site(plant(**said), restarts=restarts)
    site.tell(alert(until, "resolved", alertname="Older", since=str(until)))
    assert site.state.desk.head.now == after(until)
    site.said.clear()
    return site


def ids(site: Site) -> list[str]:
    return [one.id for one in of(site.said, Notification)]


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("at_once", [False, True], ids=["one by one", "in one batch"])
def test_what_is_over_when_it_is_heard_of_is_told_to_nobody(at_once: bool, restarts: bool):
    site = awake(restarts=restarts)
    events = [alert(-180, severity="critical", since="-180"), alert(-100, "resolved", since="-180")]
    site.tell(*events, at_once=at_once)
    site.wait(0.1)
    site.wait(DAY)

    assert not pages(site.said)
    assert site.status().alert.state == "resolved"


def test_nor_is_what_ends_within_the_time_for_which_its_group_waits():
    site = awake()
    site.tell(alert(-180))
    site.wait(0.1)
    site.tell(alert(-100, "resolved", since="-180"))
    site.wait(0.3)
    site.wait(DAY)

    assert not pages(site.said)


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("minutes", [-2, -180, -30 * 60, -180 * DAY])
def test_what_still_fires_begins_its_chain_when_it_is_heard_of(minutes: int, restarts: bool):
    site = awake(restarts=restarts, alerts={"route": {"repeat_interval": "0"}})
    site.tell(alert(minutes))
    site.wait(0)
    site.wait(30)

    assert pages(site.said) == [
        (0.5, "firing", "ana", "mail"),
        (5.5, "escalated", "ben", "mail"),
        (15.5, "escalated", "slack", "slack"),
        (15.5, "escalated", "cai", "mail"),
    ]
    told = of(site.said, Notification)
    assert all(one.expires_at == one.at + timedelta(days=1) for one in told)
    assert told[0].alerts[0].starts_at == after(minutes)
    assert site.status().fired_at == after(minutes)


def test_whoever_was_called_is_told_when_it_is_over_however_long_ago_that_was():
    site = awake()
    site.tell(alert(-10 * DAY, now="yes"))
    site.wait(0)
    site.tell(alert(-9 * DAY, "resolved", since=str(-10 * DAY), now="yes"))
    site.wait(0.2)
    site.wait(DAY)

    assert pages(site.said) == [(0, "firing", "ana", "mail"), (5, "resolved", "ana", "mail")]


def test_it_is_due_at_once_and_heard_of_once():
    site, late = awake(), alert(-180)
    site.tell(late, late)
    assert site.engine.due(site.state) == late.at

    site.wait(0)
    site.tell(late)

    assert not len(site.state.desk.late)
    assert site.engine.due(site.state) == after(0.5)


def test_what_is_heard_within_a_minute_is_told_as_if_it_had_been_heard_at_once():
    late, in_time = awake(0.9), Site()
    for site in (late, in_time):
        site.tell(alert(0), alert(0.6, severity="critical", since="0"), at_once=True)
        site.wait(300)

    assert ids(late)
    assert ids(late) == ids(in_time)


def test_what_is_over_within_that_minute_calls_nobody_for_later_steps():
    quick: dict[str, Any] = {"call": {"steps": [{"people": ["ana"], "wait": "10s"}] * 3}}
    site = awake(0.9, chains=quick)
    site.tell(alert(0), alert(0.6, "resolved", since="0"), at_once=True)

    assert [why for _, why, _, _ in pages(site.said)] == ["firing"]


def test_while_the_newest_time_is_one_of_a_clock_that_was_ahead_nobody_waits_for_it():
    site = awake(5 * DAY)
    site.tell(alert(1))
    site.wait(1)

    assert pages(site.said)[:2] == [
        (1.5, "firing", "ana", "mail"),
        (6.5, "escalated", "ben", "mail"),
    ]

    site.tell(alert(20, "resolved", since="1"))
    site.wait(20)

    assert "resolved" in {why for _, why, _, _ in pages(site.said)}


def test_more_than_so_many_do_not_wait(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(engine, "MOST_LATE", 1)
    site = awake()
    site.tell(alert(-10), alert(-10, equipment="mixer"))

    assert len(site.state.desk.late) == 1
    assert of(site.said, Notification)


def test_a_service_hears_of_an_acknowledgement_that_comes_late():
    site = awake(-60, **PAGING)
    site.tell(alert(-50))
    site.wait(0)
    site.tell(acknowledge(-40))

    (said,) = (one for one in of(site.said, Notification) if one.why == "acknowledged")
    assert said.expires_at == START + timedelta(minutes=2)


def test_what_is_heard_late_does_not_bring_a_replaced_plant_file_back():
    old, new = plant(), plant(name="Another")
    site = awake()
    site.tell(alert(1, alertname="Cold"))
    site.file = new
    site.tell(alert(2, alertname="Cold", equipment="mixer"))
    site.wait(300)
    site.file = old
    site.tell(alert(30))

    assert site.state.plant_version == new.version


LATE = st.tuples(
    st.integers(-300, -2),
    st.sampled_from(["Hot", "Cold"]),
    st.sampled_from(["firing", "resolved", "acknowledged"]),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(LATE, min_size=1, max_size=8), st.data())
def test_in_which_order_and_batches_late_alerts_come_changes_no_message(said, data):
    alerts = [
        alert(at, what, alertname=name, since="-300") for at, name, what in said if what[0] in "fr"
    ]
    acts = [acknowledge(at, alertname=name) for at, name, what in said if what[0] == "a"]
    one_by_one, mixed = awake(), awake()
    one_by_one.tell(*sorted(alerts, key=lambda one: one.at))
    shuffled = data.draw(st.permutations(alerts))
    place = data.draw(st.integers(0, len(alerts)))
    mixed.tell(*shuffled[:place], at_once=True)
    mixed.tell(*shuffled[place:], at_once=True)
    for site in (one_by_one, mixed):
        site.tell(*acts)
        site.wait(0)
        site.wait(600)

    assert ids(one_by_one) == ids(mixed)
