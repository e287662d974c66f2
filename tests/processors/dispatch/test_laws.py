"""Laws of the dispatcher, for any evening of alerts, answers, silences and ticks."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings, strategies as st

from processors.dispatch.engine import DispatchState
from schemas.alerts import SEVERITIES, AlertHandled, AlertTransition, Notification
from tests.processors.dispatch.site import (
    Site,
    acknowledge,
    after,
    alert,
    expire,
    of,
    plant,
    silence,
    snooze,
    take_over,
    unacknowledge,
)

OVER = ("acknowledged", "withdrawn", "resolved")
MINUTE = timedelta(minutes=1)
few = settings(max_examples=25, deadline=None)
QUIET = {
    "alerts": {
        "inhibitions": [
            {
                "source": ["alertname=Down"],
                "target": ["severity=~info|warning"],
                "equal": ["equipment"],
            }
        ],
        "mute_timings": {
            "breaks": {"windows": [{"days": "all", "start": "21:00", "end": "21:30"}]}
        },
        "route": {"mute": ["breaks"], "repeat_interval": "40m"},
        "acknowledged_for": "50m",
        "flood": {"more_than": 1000},
    }
}
PLAIN = {"alerts": {"flood": {"more_than": 1000}, "route": {"repeat_interval": "40m"}}}
NAMES = st.sampled_from(["Hot", "Cold", "Down"])
PLACES = st.sampled_from(["press", "mixer", "filler"])
LABELS = st.fixed_dictionaries(
    {"alertname": NAMES, "equipment": PLACES},
    optional={"area": st.just("quality"), "now": st.just("yes")},
)


@st.composite
def lives(draw, labelled=LABELS):
    """The transitions of one alert."""
    labels, since = draw(labelled), draw(st.integers(0, 120))
    start = draw(st.integers(0, 2))
    severities = SEVERITIES[start : start + draw(st.integers(1, 3))]
    at, said = float(since), []
    if draw(st.booleans()):
        said.append(alert(at, "pending", severities[0], since=str(since), **labels))
    for severity in severities:
        at += draw(st.sampled_from([0, 0.25, 3, 12]))
        said.append(alert(at, "firing", severity, since=str(since), **labels))
    if draw(st.booleans()):
        at += draw(st.sampled_from([0.25, 7, 45]))
        said.append(alert(at, "resolved", severities[-1], since=str(since), **labels))
    return said


@st.composite
def acts(draw, labelled=LABELS):
    """What one person does."""
    at, labels = draw(st.integers(0, 150)) + 0.1, draw(labelled)
    kind = draw(st.sampled_from(["ack", "ack", "unack", "snooze", "silence", "expire", "take"]))
    made = {
        "ack": lambda: acknowledge(at, **labels),
        "unack": lambda: unacknowledge(at, **labels),
        "snooze": lambda: snooze(at, until=at + draw(st.sampled_from([5, 30])), **labels),
        "silence": lambda: silence(
            at, at + draw(st.sampled_from([-5, 0, 9])), at + 20, name=f"s{at}", **labels
        ),
        "expire": lambda: expire(at, name=f"s{draw(st.integers(0, 150)) + 0.1}"),
        "take": lambda: take_over(at, draw(st.sampled_from(["ben", "cai"])), at, at + 30),
    }
    return [made[kind]()]


def time_of(event):
    return event.at if isinstance(event, AlertTransition) else event.source_time


def evening(*, with_acts: bool = True, labelled=LABELS):
    part = lives(labelled) | acts(labelled) if with_acts else lives(labelled)
    parts = st.lists(part, min_size=1, max_size=8)
    return parts.map(lambda found: sorted((one for part in found for one in part), key=time_of))


def told(events, *, ticks=(), said=None, restarts=False, at_once=False):
    """The site after these events, with ticks at these minutes."""
    site = Site(plant(**(QUIET if said is None else said)), restarts=restarts)
    waiting = sorted(ticks)
    for event in events if not at_once else ():
        while waiting and after(waiting[0]) <= time_of(event):
            site.wait(waiting.pop(0))
        site.tell(event)
    if at_once:
        site.tell(*events, at_once=True)
    for minute in waiting:
        site.wait(minute)
    site.wait(600)
    return site


def ids(site: Site) -> list[str]:
    return [one.id for one in of(site.said, Notification)]


@few
@given(evening(), st.lists(st.integers(0, 300).map(lambda n: n / 2), max_size=20))
def test_any_schedule_of_ticks_gives_the_same_messages(events, ticks):
    assert ids(told(events, ticks=ticks)) == ids(told(events))


@few
@given(evening())
def test_memory_written_down_and_read_after_every_event_gives_the_same_messages(events):
    plain, restarted = told(events), told(events, restarts=True)

    assert ids(restarted) == ids(plain)
    assert restarted.engine.dump(restarted.state) == plain.engine.dump(plain.state)


@few
@given(evening(), st.data())
def test_whatever_is_heard_twice_changes_nothing(events, data):
    again = []
    for place, event in enumerate(events):
        again.append(event)
        numbers = data.draw(st.lists(st.integers(0, place), max_size=2))
        again += [events[number] for number in numbers]

    assert Counter(ids(told(again))) == Counter(ids(told(events)))


@few
@given(evening())
def test_one_batch_gives_what_single_events_give(events):
    assert ids(told(events, at_once=True)) == ids(told(events))


@few
@given(evening())
def test_no_message_is_said_twice(events):
    assert max(Counter(ids(told(events))).values(), default=0) <= 1


def members(site: Site, group: str):
    for one in site.state.desk.alerts.values():
        yield from ((one, its) for its in one.groups if its.group == group)


def forgotten(state: DispatchState, now) -> list[str]:
    """Alerts that fire, that nothing keeps quiet, and of which nobody is ever told again."""
    desk = state.desk
    lost = []
    for one in desk.alerts.values():
        for its in one.groups:
            if not one.is_active(its):
                continue
            group = desk.groups.get(its.group)
            if group is None or group.due is None or group.due <= now:
                lost.append(one.id)
    return lost


@few
@given(evening(), st.lists(st.integers(0, 300), max_size=10))
def test_nobody_who_needs_an_answer_is_ever_forgotten(events, ticks):
    site = Site(plant(**QUIET))
    for event in events:
        site.tell(event)
        assert not forgotten(site.state, time_of(event))
    for minute in sorted(ticks):
        site.wait(minute + 150)
        now = site.state.desk.head.now
        assert now is not None
        assert not forgotten(site.state, now)


@few
@given(evening())
def test_whoever_acknowledged_is_left_alone_until_it_is_withdrawn(events):
    site = told(events)
    holds: dict[str, bool] = {}
    for output in site.said:
        record = output.record
        if isinstance(record, AlertHandled) and record.handling in (
            "acknowledged",
            "unacknowledged",
        ):
            holds[record.alert_id()] = record.holds and record.handling == "acknowledged"
        elif isinstance(record, Notification) and record.why not in OVER:
            for one in record.alerts:
                assert one.state == "resolved" or not holds.get(one.alert_id())


PAGERS = {
    "alerts": QUIET["alerts"],
    "chains": {
        "call": {
            "steps": [
                {"schedules": ["night"], "endpoints": ["duty"], "wait": "5m"},
                {"people": ["ben"], "wait": "10m"},
            ]
        }
    },
}


TWO_OF_A_GROUP = st.fixed_dictionaries(
    {"alertname": st.just("Hot"), "equipment": st.sampled_from(["press", "mixer"])}
)


@settings(max_examples=60, deadline=None)
@given(evening(labelled=TWO_OF_A_GROUP))
def test_a_paging_service_is_calm_while_all_that_fires_is_acknowledged_and_only_then(events):
    site = told(events, said=PAGERS)
    heard: dict[str, list[str]] = {}
    for one in of(site.said, Notification):
        if one.recipient == "duty":
            heard.setdefault(one.group, []).append(one.why)
            assert one.why not in ("acknowledged", "withdrawn") or not one.fallback
        else:
            assert one.why not in ("acknowledged", "withdrawn")

    for whys in heard.values():
        for one, other in pairwise(whys):
            assert one != "acknowledged" or other in ("withdrawn", "resolved")
            assert other != "withdrawn" or one == "acknowledged"
            assert one != "withdrawn" or other not in OVER


@settings(max_examples=60, deadline=None)
@given(evening(labelled=TWO_OF_A_GROUP))
def test_at_each_moment_a_service_is_told_to_rest_where_all_is_acknowledged(events):
    site = Site(plant(**PAGERS))
    for event in events:
        rests = {one.group for one in of(site.tell(event), Notification) if one.why == OVER[0]}
        for group in site.state.desk.groups.values():
            firing = [one for one, _ in members(site, group.id) if one.is_firing]
            is_answered = all(one.acknowledged is not None for one in firing)
            assert is_answered or group.id not in rests
            assert not (group.calmed and group.anchors)
            assert group.calmed or not (firing and group.paged and is_answered)


@few
@given(evening())
def test_what_fires_when_all_quiet_is_over_has_been_told(events):
    site = told(events)

    for one in site.state.desk.alerts.values():
        for its in one.groups:
            if one.is_active(its):
                assert its.told == one.alert.severity
                assert its.anchor is not None
                assert its.told_to


@few
@given(evening(with_acts=False))
def test_news_of_a_group_come_once_in_an_interval_to_each_person_on_each_channel(events):
    site = told(events, said=PLAIN)
    found: dict[tuple[str, str, str], list[Notification]] = {}
    for one in of(site.said, Notification):
        if one.why in ("firing", "changed", "resolved"):
            found.setdefault((one.group, one.recipient, one.channel), []).append(one)

    for listed in found.values():
        for one, other in pairwise(listed):
            if SEVERITIES.index(other.severity) <= SEVERITIES.index(one.severity):
                was_over = one.why == "resolved"
                assert other.at - one.at >= 5 * MINUTE or was_over or rises(one, other)


def rises(one: Notification, other: Notification) -> bool:
    """Whether the other tells of an alert that is more severe than the one has said."""
    known = {each.alert_id(): SEVERITIES.index(each.severity) for each in one.alerts}
    return any(
        SEVERITIES.index(each.severity) > known.get(each.alert_id(), len(SEVERITIES))
        for each in other.alerts
    )


@few
@given(evening(), st.integers(1, 4))
def test_a_flood_becomes_summaries_that_account_for_every_alert(events, most):
    flood = {"flood": {"more_than": most, "within": "10m"}}
    site = told(events, said={"alerts": PLAIN["alerts"] | flood})
    plain = told(events, said=PLAIN)

    told_of: dict[str, int] = Counter()
    summed: dict[str, int] = Counter()
    times: dict[str, set] = {}
    for one in of(site.said, Notification):
        times.setdefault(one.recipient, set()).add((one.at, one.why, one.group))
        summed[one.recipient] += one.total if one.channel in ("mail", "slack") else 0
    for name in {one.recipient for one in of(plain.said, Notification)}:
        known = {
            alert.alert_id()
            for one in of(plain.said, Notification)
            if one.recipient == name and one.channel in ("mail", "slack")
            for alert in one.alerts
        }
        told_of[name] = len(known)
    assert all(summed[name] >= count for name, count in told_of.items())
    for listed in times.values():
        single = sorted(at for at, why, _ in listed if why != "summary")
        for one, other in zip(single, single[most:], strict=False):
            assert other - one >= 10 * MINUTE
    assert not [flow for flow in site.state.desk.flows.values() if flow.held]
