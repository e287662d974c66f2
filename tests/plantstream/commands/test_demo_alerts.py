"""Open alerts as the demo's picture shows them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plantstream.commands.demo_alerts import OpenAlerts, alert_lines
from schemas.alerts import AlertStatus, AlertTransition, Told

T = datetime(2026, 3, 2, 15, tzinfo=UTC)
S = timedelta(seconds=1)


def status(fingerprint="f", severity="critical", state="firing", **more: Any):
    who: dict[str, Any] = {
        "plant_version": "v1",
        "site": "ninu/xalapa",
        "fingerprint": fingerprint,
        "starts_at": T,
        "at": T,
    }
    alert = AlertTransition(
        **who,
        state=state,
        severity=severity,
        labels={"alertname": "Hot", "equipment": "reactor-b"},
        value=107.96,
        unit="°C",
        generator="rule",
    )
    return AlertStatus(**who, alert=alert, **more)


def told(*pairs):
    return tuple(Told(at=T, name=name, channel=channel) for name, channel in pairs)


def shown(*alerts):
    return [str(line) for line in alert_lines(alerts, T + 23 * S)]


def test_what_since_when_who_was_told_and_who_is_next_in_minutes_and_seconds():
    people = [(who, how) for how in ("email", "sms") for who in ("ana", "ben")]
    one = status(
        told=told(*people, ("hook", "hook")),
        escalates_at=T + 95 * S,
        escalates_to=("chief",),
    )
    assert shown(one) == [
        "CRITICAL Hot reactor-b 108 °C for 00:23",
        "  next chief in 01:12 · told ana, ben by email, sms; hook",
    ]


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({"acknowledged_by": "ben"}, "  acknowledged by ben · nobody told"),
        ({"suppressed_by": ("alertname=Hotter",)}, "  nobody is next · quiet: alertname=Hotter"),
        ({}, "  nobody is next · nobody told"),
    ],
)
def test_what_is_answered_or_quiet_says_so(more, line):
    assert shown(status(**more))[1] == line


def test_two_are_shown_and_the_others_counted():
    lines = shown(*(status(str(number)) for number in range(5)))
    assert len(lines) == 5
    assert lines[-1] == "and 3 more alerts"


def test_the_gravest_that_fire_come_first_and_those_that_are_over_not_at_all():
    known = OpenAlerts()
    for one in (
        status("a", "info", told=told(("ana", "sms"))),
        status("b", "critical"),
        status("c", "critical", told=told(("ana", "sms"))),
        status("d", "critical"),
        status("d", "critical", "resolved"),
    ):
        known.note(one)
    assert [one.fingerprint for one in known.firing()] == ["c", "b", "a"]
