"""Which alert somebody means."""

import pytest
import typer

from plantstream.commands.alert_names import find, meant
from plantstream.commands.alert_view import code
from tests.plantstream.commands.alerting import status
from tests.processors.dispatch.site import alert

PRESS = status(alert(0))
OVEN = status(alert(0, "firing", "critical", equipment="oven", line="l2"))
OLD = status(alert(5, "resolved", alertname="Cold", since="0"))
KNOWN = [PRESS, OVEN, OLD]


@pytest.mark.parametrize(
    ("word", "found"),
    [
        pytest.param(PRESS.fingerprint, [PRESS], id="a fingerprint"),
        pytest.param(OVEN.fingerprint[:6], [OVEN], id="how one begins"),
        pytest.param(code(OVEN), [OVEN], id="a code"),
        pytest.param(code(OVEN).lower(), [OVEN], id="a code as phones write it"),
        pytest.param("Hot", [PRESS, OVEN], id="a name that two have"),
        pytest.param("Hot{equipment=oven}", [OVEN], id="a name and a label"),
        pytest.param('Hot{line=~"l.*", severity="critical"}', [OVEN], id="as Prometheus writes it"),
        pytest.param("Hot{equipment=none}", [], id="labels that no alert has"),
        pytest.param("Cold", [OLD], id="one that is over"),
        pytest.param("Warm", [], id="a name that no alert has"),
    ],
)
def test_a_word_means(word, found):
    assert meant(word, KNOWN) == found


def test_one_that_is_over_is_not_meant_while_another_is_open():
    again = status(alert(9, alertname="Cold", equipment="oven"))

    assert find(["Cold"], [*KNOWN, again]) == [again]


def test_an_alert_that_is_named_twice_is_meant_once():
    assert find(["Hot{equipment=oven}", code(OVEN)], KNOWN) == [OVEN]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        pytest.param("Hot", f"{PRESS.fingerprint} (Hot of press, firing)", id="more than one"),
        pytest.param("Hott", "no such alert: Hott; did you mean Hot?", id="nearly a name"),
        pytest.param("99999999", "plantstream alerts list --state all", id="none"),
        pytest.param("Hot{equipment}", "write a condition on a label as", id="no condition"),
    ],
)
def test_a_word_that_means_no_single_alert_is_refused(word, told):
    with pytest.raises(typer.BadParameter) as refused:
        find([word], KNOWN)
    assert told in str(refused.value)


@pytest.mark.parametrize("word", ["", " ", "\t"])
def test_a_blank_word_does_not_name_the_only_alert(word):
    with pytest.raises(typer.BadParameter, match="it is empty and names nothing"):
        find([word], [PRESS])
