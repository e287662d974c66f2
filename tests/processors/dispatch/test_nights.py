"""Whole nights: who is called, in which order, and what stops it."""

from datetime import UTC, datetime

import pytest

from schemas.acts import Matcher
from schemas.alerts import Notification, Severity, Why
from tests.processors.dispatch.site import (
    SITE,
    Site,
    acknowledge,
    after,
    alert,
    audited,
    expire,
    handlings,
    of,
    pages,
    plant,
    shifts,
    silence,
    snooze,
    take_over,
    unacknowledge,
)

DAY = 24 * 60


@pytest.fixture(params=[False, True], ids=["at work", "restarted after every event"])
def site(request) -> Site:
    return Site(restarts=request.param)


def night(said: dict, *, restarts: bool = True) -> Site:
    return Site(plant(**said), restarts=restarts)


def test_nobody_answers_and_the_next_is_called_until_somebody_does(site):
    site.tell(alert(0))
    site.wait(6)
    assert pages(site.said) == [(0.5, "firing", "ana", "mail"), (5.5, "escalated", "ben", "mail")]
    assert site.status().escalates_to == ("cai", "slack")

    site.tell(acknowledge(7, by="ben"))
    assert not pages(site.wait(7 * 60))
    assert site.status().acknowledged_by == "ben"
    assert audited(site.said) == [
        ("service:dispatch", "alert.escalated"),
        ("ben", "alert.acknowledgement"),
    ]


def test_without_an_answer_the_whole_chain_is_called_and_then_all_again_every_four_hours(site):
    site.tell(alert(0))
    site.wait(15.5 + 241)

    assert pages(site.said)[:4] == [
        (0.5, "firing", "ana", "mail"),
        (5.5, "escalated", "ben", "mail"),
        (15.5, "escalated", "slack", "slack"),
        (15.5, "escalated", "cai", "mail"),
    ]
    again = pages(site.said)[4:]
    assert {(at, why) for at, why, _, _ in again} == {(255.5, "repeat")}
    assert {who for _, _, who, _ in again} == {"ana", "ben", "cai", "slack"}


def test_a_message_says_who_is_called_next_and_when(site):
    site.tell(alert(0))
    site.wait(1)

    (first,) = of(site.said, Notification)
    assert first.escalates_at == first.at.replace(minute=5)
    assert first.escalates_to == ("ben",)
    assert (first.step, first.total, first.severity) == (0, 1, "warning")


def test_when_it_is_resolved_those_who_were_told_are_told(site):
    site.tell(alert(0))
    site.wait(6)
    site.tell(alert(8, "resolved", since="0"))
    site.wait(2 * DAY)

    assert pages(site.said)[2:] == [
        (8, "resolved", "ana", "mail"),
        (8, "resolved", "ben", "mail"),
    ]


def test_what_is_over_before_anybody_was_told_is_told_to_nobody(site):
    site.tell(alert(0), alert(0.4, "resolved", since="0"))
    site.wait(DAY)

    assert not pages(site.said)


def test_an_acknowledged_alert_that_becomes_more_severe_pages_again(site):
    site.tell(alert(0))
    site.wait(1)
    site.tell(acknowledge(2), alert(3, severity="critical", since="0"))
    site.wait(9)

    assert pages(site.said)[1:] == [
        (3, "firing", "ana", "mail"),
        (3, "firing", "ana", "sms"),
        (8, "escalated", "ben", "mail"),
        (8, "escalated", "ben", "sms"),
    ]
    assert (3, "acknowledged", False, "its severity rose") in handlings(site.said)
    assert site.status().acknowledged_by is None


def test_an_acknowledgement_survives_what_is_heard_again_of_the_same_alert(site):
    first = alert(0)
    site.tell(first)
    site.wait(1)
    site.tell(acknowledge(2), first, alert(4, since="0"))

    assert not pages(site.wait(7 * 60))


def test_whoever_acknowledged_is_asked_again_after_eight_hours(site):
    site.tell(alert(0))
    site.wait(6)
    site.tell(acknowledge(7, by="cai"))
    site.wait(7 + 480)

    asked = pages(site.said)[2:]
    assert asked == [(487, "reminder", "ana", "mail"), (487, "reminder", "cai", "mail")]
    assert pages(site.wait(7 + 486)) == [(492, "escalated", "ben", "mail")]


def test_who_no_longer_takes_care_says_so_and_it_pages_at_once(site):
    site.tell(alert(0))
    site.wait(1)
    site.tell(acknowledge(1), unacknowledge(2))

    assert pages(site.said)[1:] == [(2, "firing", "ana", "mail")]


def test_a_snoozed_alert_comes_back(site):
    site.tell(alert(0))
    site.wait(1)
    site.tell(snooze(1, until=61))

    assert pages(site.wait(60)) == []
    assert site.status().snoozed_until is not None
    assert pages(site.wait(62)) == [(61, "firing", "ana", "mail")]


def test_a_silence_over_the_weekend_and_what_outlives_it(site):
    end = 2 * DAY
    site.tell(silence(-10, -5, end, alertname="Hot"), alert(0), alert(1, alertname="Cold"))
    site.wait(end - 1)

    assert {who.alerts[0].labels["alertname"] for who in of(site.said, Notification)} == {"Cold"}
    assert site.status().suppressed_by == ("silence s1",)
    assert pages(site.wait(end + 1)) == [(end + 0.5, "firing", "ana", "mail")]
    assert (end, "silenced", False, "s1") in handlings(site.said)


def test_a_silence_that_is_expired_ends_at_once_and_a_repeat_does_not_bring_it_back(site):
    quiet = silence(0, 0, 600, equipment="press")
    site.tell(quiet, alert(1), expire(10), quiet)
    site.wait(11)

    assert pages(site.said) == [(10.5, "firing", "ana", "mail")]


def test_a_silence_that_is_heard_of_after_its_end_was_said_silences_nothing(site):
    site.tell(expire(5), silence(0, 0, 600, equipment="press"), alert(6))

    assert pages(site.wait(7)) == [(6.5, "firing", "ana", "mail")]


@pytest.mark.parametrize("first", ["silence", "expiry"])
def test_a_silence_without_an_end_is_ended_by_its_expiry(site, first):
    forever = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    said = silence(0, 0, 600, equipment="press").model_copy(update={"ends_at": forever})
    site.tell(*((said, expire(5)) if first == "silence" else (expire(5), said)), alert(6))

    assert pages(site.wait(7)) == [(6.5, "firing", "ana", "mail")]


def test_a_silence_in_the_middle_of_an_escalation_stops_it(site):
    site.tell(alert(0))
    site.wait(1)
    site.tell(silence(2, 2, 60, alertname="Hot"))

    assert not pages(site.wait(59))
    assert pages(site.wait(61)) == [(60, "firing", "ana", "mail")]


def test_who_takes_over_is_called_instead():
    site = Site()
    site.tell(take_over(0, "ben", 10, 60), alert(11))
    site.wait(12)

    assert pages(site.said) == [(11.5, "firing", "ben", "mail")]
    assert [
        (one.starts_at.hour, one.starts_at.minute, one.people) for one in shifts(site.said)
    ] == [
        (0, 0, ("ana",)),
        (20, 10, ("ben",)),
    ]


def test_hand_overs_are_told_as_they_take_place(site):
    site.tell(alert(0))
    site.wait(15 * DAY)

    assert [(one.starts_at.day, one.people) for one in shifts(site.said)] == [
        (2, ("ana",)),
        (9, ("dan",)),
        (16, ("ana",)),
    ]


def test_an_acknowledgement_that_overtook_its_alert_counts(site):
    site.tell(acknowledge(1), alert(0))

    assert not pages(site.wait(60))
    assert site.status().acknowledged_by == "ana"


def test_a_link_that_was_used_acknowledges_nothing_a_second_time(site):
    link = acknowledge(1).model_copy(update={"nonce": "n1"})
    again = acknowledge(3, statement="again").model_copy(update={"nonce": "n1"})
    site.tell(alert(0), link, unacknowledge(2), again)

    assert site.status().acknowledged_by is None


def test_who_acknowledged_before_the_severity_rose_takes_care_of_nothing(site):
    site.tell(alert(0), alert(3, severity="critical", since="0"), acknowledge(2))

    assert site.status().acknowledged_by is None
    assert pages(site.wait(10))[-1][:3] == (5.5, "escalated", "ben")


def test_an_old_acknowledgement_told_again_does_not_take_it_back(site):
    site.tell(alert(0), acknowledge(1), unacknowledge(2), acknowledge(1))

    assert site.status().acknowledged_by is None


def test_a_late_alert_is_told_and_the_newest_one_stays_the_newest(site):
    late = alert(5, since="4").model_copy(update={"late": True})
    over = alert(7, "resolved", since="4").model_copy(update={"late": True})
    site.tell(alert(10), alert(12, "resolved", since="10"), late)
    site.wait(12)
    site.wait(20)

    assert [one.alerts[0].late for one in of(site.said, Notification)[1:2]] == [True]
    assert site.status().alert.state == "resolved"
    site.tell(over)
    site.wait(60)
    assert pages(site.said)[-1][1] == "resolved"


def test_an_alert_that_fires_anew_without_a_word_on_its_end_replaces_the_old_one(site):
    site.tell(alert(0))
    site.wait(1)
    site.tell(alert(30))
    site.wait(30.5)

    (changed,) = [
        one for one in of(site.said, Notification) if one.at.minute == 30 and one.recipient == "ana"
    ]
    assert [(one.state, one.starts_at.minute) for one in changed.alerts] == [
        ("firing", 30),
        ("resolved", 0),
    ]
    assert site.status().alert.starts_at.minute == 30


def test_the_oldest_alert_that_nobody_answered_drives_the_chain():
    steps = [{"people": ["ana"], "wait": "10m"}, {"people": ["ben"]}]
    site = night({"chains": {"call": {"steps": steps}}})
    site.tell(alert(0), alert(1, equipment="mixer"))
    site.wait(6)
    assert site.status().escalates_at == site.status(equipment="mixer").escalates_at
    site.tell(acknowledge(6))

    assert site.status(equipment="mixer").escalates_at == after(15.5)
    assert not pages(site.wait(15))
    assert pages(site.wait(16)) == [(15.5, "escalated", "ben", "mail")]


def test_a_pending_alert_is_known_and_told_to_nobody(site):
    site.tell(alert(0, "pending"))
    site.wait(60)

    assert not pages(site.said)
    assert site.status().alert.state == "pending"


def test_a_repetition_is_given_up_once_the_next_one_is_due():
    site = night({"alerts": {"route": {"repeat_interval": "20m"}}})
    site.tell(alert(0))
    site.wait(36)

    repeated = [one for one in of(site.said, Notification) if one.why == "repeat"]
    assert {(one.expires_at - one.at).total_seconds() for one in repeated} == {1200}


def test_a_message_names_the_channels_to_be_tried_where_one_does_not_deliver(site):
    site.tell(alert(0, severity="critical"))
    site.wait(1)

    ways = {one.channel: one.fallback for one in of(site.said, Notification)}
    assert ways == {"mail": (), "sms": ("mail",)}


def test_alerts_of_one_group_are_told_together_and_news_wait_for_the_interval(site):
    site.tell(alert(0), alert(0.2, equipment="mixer"), alert(1, equipment="filler"))
    site.wait(4)
    assert [one.total for one in of(site.said, Notification)] == [2]

    site.wait(5.5)
    found = of(site.said, Notification)[1:]
    assert [(one.why, one.recipient, one.total) for one in found] == [
        ("changed", "ana", 3),
        ("escalated", "ben", 3),
    ]
    assert found[0].alerts[0].labels["equipment"] == "filler"


def test_a_more_severe_alert_does_not_wait_for_the_interval(site):
    site.tell(alert(0))
    site.wait(1)
    site.tell(alert(2, severity="critical", equipment="mixer"))

    assert {at for at, *_ in pages(site.said)[1:]} == {2}


@pytest.mark.parametrize(
    ("severity", "rises_at", "told_at"),
    [
        pytest.param("critical", 3, 3.5, id="as severe as its group was told"),
        pytest.param("warning", 3, 3.5, id="less severe than its group was told"),
        pytest.param("critical", 5.2, 5.5, id="when the interval is nearly over"),
    ],
)
def test_an_alert_that_rises_waits_like_a_new_group(
    severity: Severity, rises_at: float, told_at: float
):
    site = night({"alerts": {"route": {"group_interval": "5m"}}})
    site.tell(alert(0, severity="critical"), alert(0, severity="info", equipment="mixer"))
    site.wait(1)
    site.tell(alert(rises_at, severity=severity, since="0", equipment="mixer"))
    site.wait(rises_at + 1)

    changed = [one for one in of(site.said, Notification) if one.why == "changed"]
    assert {one.at for one in changed} == {after(told_at)}
    assert {one.alerts[0].labels["equipment"] for one in changed} == {"mixer"}


def test_alerts_that_rise_one_after_the_other_are_told_once_in_group_wait(site):
    machines = [f"m{number}" for number in range(20)]
    site.tell(alert(0, severity="critical"), *(alert(0, equipment=one) for one in machines))
    site.wait(1)
    for number, one in enumerate(machines):
        at = 1 + number / 20
        site.tell(alert(at, severity="critical", since="0", equipment=one))
    site.wait(4)

    changed = [one for one in of(site.said, Notification) if one.why == "changed"]
    assert [one.at for one in changed if one.channel == "sms"] == [after(1.5), after(2)]


def test_an_alert_that_rises_before_it_was_told_does_not_wait_for_the_interval(site):
    site.tell(alert(0))
    site.wait(1)
    site.tell(alert(2, equipment="mixer"))
    site.wait(2.5)
    site.tell(alert(3, severity="critical", since="2", equipment="mixer"))

    assert {at for at, *_ in pages(site.said)[1:]} == {3}


def test_an_alert_that_is_inhibited_is_told_once_its_inhibition_is_over():
    rule = {"source": ["alertname=Down"], "target": ["alertname=Hot"], "equal": ["line"]}
    site = night({"alerts": {"inhibitions": [rule]}})
    site.tell(
        alert(0, alertname="Down", line="l"),
        alert(1, line="l"),
        alert(1, line="k"),
        alert(30, "resolved", since="0", alertname="Down", line="l"),
    )
    site.wait(40)

    told = {
        (one.alerts[0].labels["alertname"], one.alerts[0].labels["line"], one.at.minute)
        for one in of(site.said, Notification)
        if one.why in ("firing", "changed")
    }
    assert told == {("Down", "l", 0), ("Hot", "k", 1), ("Hot", "l", 30)}
    assert (30, "inhibited", False, 'alertname="Down"') in handlings(site.said)


def test_a_receiver_that_does_not_escalate_stays_at_its_first_step():
    site = night({"alerts": {"receivers": {"on_call": {"chain": "call", "escalates": False}}}})
    site.tell(alert(0))
    site.wait(100)

    assert pages(site.said) == [(0.5, "firing", "ana", "mail")]


def test_a_step_at_which_nobody_is_on_call_is_passed_over_at_once():
    site = night({"schedules": {"night": {"until": "2026-03-01"}}})
    site.tell(alert(0))

    assert pages(site.wait(6)) == [(0.5, "firing", "ben", "mail")]


def test_what_nobody_could_be_told_is_told_to_whoever_comes_on_call_next():
    window = {"days": "all", "start": "22:00", "end": "23:00"}
    layer = {"people": ["ana"], "since": "2026-03-01", "windows": [window]}
    steps = [{"schedules": ["night"], "wait": "5m"}]
    site = night(
        {
            "schedules": {"night": {"layers": [layer], "may_have_holes": True}},
            "chains": {"call": {"steps": steps}},
        }
    )
    site.tell(alert(0))
    assert not pages(site.wait(119))

    assert pages(site.wait(121)) == [(120, "firing", "ana", "mail")]


def test_what_nobody_could_be_told_is_told_to_whoever_takes_over():
    layer = {"people": ["ana"], "since": "2027-01-01"}
    steps = [{"schedules": ["night"], "wait": "5m"}]
    site = night(
        {
            "schedules": {"night": {"layers": [layer], "may_have_holes": True}},
            "chains": {"call": {"steps": steps}},
        }
    )
    site.tell(alert(0), take_over(30, "ben", 30, 60))

    assert pages(site.said) == [(30, "firing", "ben", "mail")]


def test_alerts_that_inhibit_others_of_their_kind_do_not_inhibit_each_other():
    rule = {"source": ["team=a"], "target": ["area=b"]}
    site = night({"alerts": {"inhibitions": [rule]}})
    site.tell(alert(0, team="a", area="b", n="1"), alert(0, team="a", area="b", n="2"))
    assert not any(one.inhibited for one in site.state.desk.alerts.values())

    site.tell(alert(1, team="a", n="3"))
    inhibited = {one.alert.labels["n"] for one in site.state.desk.alerts.values() if one.inhibited}
    assert inhibited == {"1", "2"}


def test_a_chain_begins_again_as_often_as_it_says_but_no_step_within_the_cooldown():
    steps = [{"people": ["ana"], "wait": "1m"}, {"people": ["ben"], "wait": "1m"}]
    said = {"chains": {"call": {"steps": steps, "repeat": 2}}, "alerts": {"cooldown": "4m"}}
    site = night(said)
    site.tell(alert(0))
    site.wait(60)

    assert [(at, who) for at, _, who, _ in pages(site.said)] == [
        (0.5, "ana"),
        (1.5, "ben"),
        (4.5, "ana"),
        (5.5, "ben"),
        (8.5, "ana"),
        (9.5, "ben"),
    ]


@pytest.mark.parametrize(
    ("own", "at"), [("2m", [0.5, 1.5, 2.5, 3.5]), ("0", [0.5, 1.5, 2.5, 3.5]), ("9m", [0.5, 1.5])]
)
def test_a_receiver_may_have_a_cooldown_of_its_own(own, at):
    steps = [{"people": ["ana"], "wait": "1m"}, {"people": ["ben"], "wait": "1m"}]
    receivers = {"on_call": {"cooldown": own}}
    site = night(
        {"chains": {"call": {"steps": steps, "repeat": 1}}, "alerts": {"receivers": receivers}}
    )
    site.tell(alert(0))
    site.wait(4)

    assert [minute for minute, _, _, _ in pages(site.said)] == at


@pytest.mark.parametrize(("own", "at"), [("2m", [0.5, 2.5, 4.5]), ("9m", [0.5, 9.5])])
def test_no_repetition_comes_within_the_cooldown_of_its_receiver(own, at):
    chain = {"steps": [{"people": ["ana"], "wait": "1m"}]}
    route, receivers = {"repeat_interval": "1m"}, {"on_call": {"cooldown": own}}
    site = night({"chains": {"call": chain}, "alerts": {"route": route, "receivers": receivers}})
    site.tell(alert(0))
    site.wait(at[-1])

    assert [minute for minute, _, _, _ in pages(site.said)] == at


def test_alerts_reach_two_receivers_where_the_route_continues():
    routes = [
        {"matchers": ["alertname=Hot"], "receiver": "quality", "continue": True},
        {"matchers": ["alertname=Hot"], "receiver": "on_call"},
    ]
    site = night({"alerts": {"route": {"routes": routes}}})
    site.tell(alert(0))
    site.wait(1)

    assert {who for _, _, who, _ in pages(site.said)} == {"ana", "cai"}
    assert site.status().receivers == ("on_call", "quality")


def test_only_the_day_shift_is_told_what_fires_at_night():
    timing = {"windows": [{"days": "all", "start": "18:00", "end": "06:00"}]}
    said = {"alerts": {"mute_timings": {"nights": timing}, "route": {"mute": ["nights"]}}}
    site = night(said)
    site.tell(alert(0), alert(1, severity="critical", alertname="Fire"))
    site.wait(599)
    assert {one.alerts[0].labels["alertname"] for one in of(site.said, Notification)} == {"Fire"}
    assert site.status().suppressed_by == ("mute timing nights",)

    site.wait(601)
    told = [one for one in of(site.said, Notification) if one.at.hour == 6]
    assert {one.alerts[0].labels["alertname"] for one in told} == {"Hot"}


def test_planned_maintenance_is_announced_and_what_outlives_it_is_told():
    stop = {"kind": "maintenance", "from": "2026-03-02 21:00", "to": "2026-03-02 22:00"}
    shift = {"name": "d", "days": "all", "start": "00:00", "end": "24:00"}
    calendar = {"shifts": [shift], "exceptions": [stop]}
    timing = {"calendar": "always", "when": ["maintenance"]}
    site = night(
        {
            "calendars": {"always": calendar},
            "alerts": {"mute_timings": {"works": timing}, "route": {"mute": ["works"]}},
        }
    )
    site.tell(alert(-5, alertname="Before"), alert(1, "resolved", since="-5", alertname="Before"))
    site.wait(50)
    site.said.clear()
    site.tell(alert(70), alert(75, alertname="Short"))
    site.tell(alert(80, "resolved", since="75", alertname="Short"))
    site.wait(122)

    theirs = [one for one in pages(site.said) if one[2] == "ana"]
    assert theirs == [
        (60, "maintenance", "ana", "mail"),
        (120, "maintenance", "ana", "mail"),
        (120.5, "firing", "ana", "mail"),
    ]
    begins, ends, _ = (one for one in of(site.said, Notification) if one.recipient == "ana")
    assert (begins.comment, ends.comment) == (
        "works: maintenance begins",
        "works: maintenance ends",
    )


def test_planned_maintenance_of_one_equipment_mutes_its_alerts_alone():
    all_day = {"days": "all", "start": "00:00", "end": "24:00"}
    span = {"from": "2026-03-02 21:00", "to": "2026-03-02 22:00"}
    stops = [
        {"kind": "maintenance", **span, "equipment": ["press"]},
        {"kind": "maintenance", "from": "2026-03-03 21:00", "to": "2026-03-03 22:00"},
    ]
    calendar = {"shifts": [{"name": "d", **all_day}], "exceptions": stops}
    place = {"area": "a", "line": "l", "calendar": "always"}
    timing = {"calendar": "always", "when": ["maintenance"]}
    said = {
        "calendars": {"always": calendar},
        "equipment": [{"id": one, **place} for one in ("press", "mixer")],
        "alerts": {"mute_timings": {"works": timing}, "route": {"mute": ["works"], "routes": []}},
    }
    site = night(said)
    site.tell(alert(65), alert(65, alertname="Cold", equipment="mixer"))
    site.wait(125)

    told = [
        (one.at.hour, one.at.minute, one.comment or one.alerts[0].labels["alertname"])
        for one in of(site.said, Notification)
        if one.recipient == "ana"
    ]
    assert told == [
        (21, 5, "Cold"),
        (22, 0, "works: maintenance of press ends"),
        (22, 0, "Hot"),
    ]
    site.said.clear()
    site.wait(60 + DAY)
    comments = [one.comment for one in of(site.said, Notification) if one.why == "maintenance"]
    assert comments == ["works: maintenance begins"]


def test_maintenance_by_people_is_told_and_mutes_what_concerns_their_equipment():
    said = {
        "alerts": {"mute_timings": {"works": {"maintenance": True}}, "route": {"mute": ["works"]}}
    }
    site = night(said)
    site.tell(
        alert(0, severity="info", alertname="Maintenance"),
        alert(1),
        alert(1, equipment="mixer", alertname="Cold"),
        alert(60, "resolved", "info", since="0", alertname="Maintenance"),
    )
    site.wait(62)

    told: list[tuple[int, Why, str]] = [
        (one.at.minute, one.why, one.alerts[0].labels["alertname"])
        for one in of(site.said, Notification)
        if one.recipient == "ana"
    ]
    assert sorted(told) == [
        (0, "firing", "Hot"),
        (0, "maintenance", "Maintenance"),
        (0, "maintenance", "Maintenance"),
        (1, "firing", "Cold"),
    ]


def test_what_was_said_under_an_older_plant_file_does_not_bring_it_back():
    new, old = plant(alerts={"route": {"receiver": "quality"}}), plant()
    site = Site(new)
    site.tell(alert(0))
    assert site.state.plant_version == new.version
    site.file = old
    site.tell(alert(1, alertname="Cold"))
    assert site.state.plant_version == old.version
    site.file = new
    site.tell(alert(2, alertname="Late"))
    assert site.state.plant_version == old.version


def test_open_alerts_move_to_where_a_new_plant_file_leads_them():
    site = Site()
    site.tell(alert(0))
    site.wait(1)
    site.file = plant(alerts={"route": {"receiver": "quality"}})
    site.tell(alert(2, alertname="Cold"))
    site.wait(3)

    assert pages(site.said)[1:] == [(2.5, "firing", "cai", "mail")] * 2
    assert site.status().receivers == ("quality",)


def test_without_a_word_on_alerts_they_are_recorded_and_nobody_is_told():
    said = plant()
    bare = said.plant.model_copy(update={"alerts": None})
    site = Site(type(said)(bare, "bare", "plant.yaml", ""))
    site.tell(alert(0))
    site.wait(600)

    assert not pages(site.said)
    assert site.status().alert.state == "firing"


def test_a_replay_pages_nobody():
    site = Site()
    state = site.engine.load("run1|acme/north", {})
    replayed = alert(0).model_copy(update={"run": "run1"})
    step = site.engine.advance(state, [replayed], site.file)

    assert not step.outputs
    assert site.engine.key_of(replayed) == "run1|acme/north"


def test_what_it_said_itself_is_skipped():
    site = Site()
    site.tell(alert(0), acknowledge(1))
    own = [one for one in site.said if one.topic.name == "plant.alert.v1"]
    assert own
    step = site.engine.advance(site.state, [one.record for one in own], site.file)

    assert step.state is site.state
    assert not step.outputs


def test_the_state_before_a_step_stays_as_it_was():
    site = Site()
    site.tell(alert(0))
    before, rows = site.state, site.engine.dump(site.state)
    site.tell(alert(1, equipment="mixer"), acknowledge(2), silence(3, 3, 60, alertname="Hot"))
    site.wait(120)

    assert site.engine.dump(before) == rows


@pytest.mark.timeout(10)
def test_a_silence_whose_expression_would_be_tried_in_endless_ways_stops_no_page():
    site = Site(restarts=True)
    costly = Matcher(name="equipment", value="(a+)+b", is_regex=True)
    said = silence(0, 0, 60, alertname="Hot").model_copy(update={"matchers": [costly]})
    site.tell(said, alert(1, equipment="a" * 60))
    site.wait(5)

    assert pages(site.said) == [(1.5, "firing", "ana", "mail")]


def test_a_silence_that_an_earlier_version_accepted_is_remembered_and_silences_nothing():
    site = Site()
    site.tell(silence(0, 0, 60, equipment="~(?!low).*"))
    rows = {
        name: row.replace(b'"value":"~(?!low).*"', b'"value":"(?!low).*","is_regex":true')
        for name, row in site.engine.dump(site.state).items()
    }
    assert rows != site.engine.dump(site.state)
    site.state = site.engine.load(f"|{SITE}", rows)
    site.tell(alert(1))
    site.wait(5)

    assert pages(site.said) == [(1.5, "firing", "ana", "mail")]
    site.wait(60 * 24 * 5)
    assert not [name for name in site.engine.dump(site.state) if name.startswith("silence")]


def test_what_has_long_been_over_is_forgotten():
    site = Site()
    site.tell(silence(0, 0, 5, alertname="None"), alert(0), alert(9, "resolved", since="0"))
    site.tell(acknowledge(9, alertname="Unheard"))
    site.wait(5 * DAY)

    kinds = {name.partition("|")[0] for name in site.engine.dump(site.state)}
    assert kinds == {"head", "hand", "flow"}
