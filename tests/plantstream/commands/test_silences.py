"""Silences as people said them."""

from datetime import timedelta

import pytest
import typer

from plantstream.commands.silences import find, kept_quiet, must_be_narrow, silences_of
from schemas.plant.alerts.matchers import matcher_of
from tests.plantstream.commands.alerting import status
from tests.processors.dispatch.site import START, alert, expire, silence as silence_of

LATER = START + timedelta(minutes=30)


def silence(minutes: float, start: float, end: float, name: str = "s1"):
    return silence_of(minutes, start, end, name, alertname="Hot")


@pytest.mark.parametrize(
    ("acts", "state"),
    [
        pytest.param([silence(0, 40, 60)], "pending", id="not yet"),
        pytest.param([silence(0, 0, 60)], "active", id="now"),
        pytest.param([silence(0, 0, 20)], "expired", id="over"),
        pytest.param([silence(0, 0, 60), expire(10)], "expired", id="ended by somebody"),
        pytest.param([expire(10), silence(0, 0, 60)], "expired", id="ended before it was heard"),
        pytest.param([silence(0, 0, 60), expire(10, "s2")], "active", id="another one ended"),
        pytest.param([silence(0, 0, 60), silence(0, 0, 20)], "active", id="said twice"),
    ],
)
def test_a_silence_stands(acts, state):
    assert silences_of(acts)["s1"].state(LATER) == state


def test_who_ended_it_is_in_the_document():
    said = silences_of([silence(0, 0, 60), expire(10)])["s1"].document(LATER)

    assert (said["expired_by"], said["ends_at"]) == ("ana", "2026-03-02T20:10:00+00:00")
    assert said["matchers"] == ['alertname="Hot"']


def test_alerts_that_it_keeps_quiet_are_those_that_fire():
    quiet = {"suppressed_by": ("silence s1", "mute timing night")}
    alerts = [
        status(alert(0), **quiet),
        status(alert(1, "resolved"), **quiet),
        status(alert(0), suppressed_by=("silence s10",)),
    ]
    assert kept_quiet(alerts, "s1") == 1


def test_an_id_may_be_cut_short_where_only_one_begins_so():
    known = silences_of([silence(0, 0, 60, "ab1"), silence(0, 0, 60, "ab2"), silence(0, 0, 9, "c")])

    assert find("c", known).silence.statement == "c"
    with pytest.raises(typer.BadParameter, match="ab may be each of ab1, ab2"):
        find("ab", known)
    with pytest.raises(typer.BadParameter, match="no such silence: x"):
        find("x", known)


@pytest.mark.parametrize("word", ["", " "])
def test_a_blank_word_does_not_name_the_only_silence(word):
    with pytest.raises(typer.BadParameter, match="it is empty and names nothing"):
        find(word, silences_of([silence(0, 0, 60)]))


@pytest.mark.parametrize(
    ("written", "is_narrow"),
    [
        pytest.param(["alertname=Hot"], True, id="a label"),
        pytest.param(["alertname=~.*", "line=l2"], True, id="one of two asks for something"),
        pytest.param(["alertname=~.*"], False, id="everything"),
        pytest.param(["alertname!=Hot"], False, id="everything but one"),
    ],
)
def test_a_silence_of_everything_is_refused(written, is_narrow):
    matchers = [matcher_of(one) for one in written]
    if is_narrow:
        must_be_narrow(matchers)
    else:
        with pytest.raises(typer.BadParameter, match="ask for a label"):
            must_be_narrow(matchers)
