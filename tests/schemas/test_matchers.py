"""Conditions on labels: what meets them, what is none, and that none takes long."""

import pytest
from pydantic import ValidationError

from schemas.acts import Matcher
from schemas.plant.alerts.matchers import is_met, matcher_of, written

LABELS = {"instance": "a" * 200, "line": "l1", "cell": "Überlauf\n2"}


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "expression", ["(a+)+b", "(a|aa)+b", "(a|a)*b", "(.*)*b", "(a*)*b", r"(\w+\s?)*b"]
)
def test_an_expression_is_met_or_not_at_once_however_often_it_repeats_itself(expression):
    assert not is_met(matcher_of(f"instance=~{expression}"), LABELS)


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        pytest.param("line=l1", True, id="equal"),
        pytest.param("line!=l1", False, id="not equal"),
        pytest.param('line=~"l1|l2"', True, id="one of two"),
        pytest.param("line=~l", False, id="not all of it"),
        pytest.param("line=~1", False, id="not its end"),
        pytest.param("line=~l|x", False, id="not all of it by the first of two"),
        pytest.param("line!~l.*", False, id="not what it is"),
        pytest.param("line!~x", True, id="not what it is not"),
        pytest.param("area=~", True, id="a missing label is an empty one"),
        pytest.param("area=~.+", False, id="a missing label has no letter"),
        pytest.param("cell=~(?is)über.*", True, id="in capitals"),
        pytest.param(r"cell=~\w+", False, id="a line break is no letter"),
        pytest.param(r"cell=~\w+\s\d", True, id="letters of any alphabet"),
    ],
)
def test_a_condition_is_met(condition, found):
    assert is_met(matcher_of(condition), LABELS) is found


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        pytest.param("press (2", "unclosed group", id="half of it"),
        pytest.param("l)|(?:x", "unopened group", id="two halves"),
        pytest.param("(?!Low).*", "look-ahead and look-behind, is not supported", id="looks ahead"),
        pytest.param(r"(a)\1", "backreferences are not supported", id="what was there before"),
        pytest.param("a{1000}{1000}", "it is too large", id="a million of them"),
    ],
)
def test_an_expression_that_cannot_be_met_in_time_is_none(expression, reason):
    told = "is no regular expression: "
    with pytest.raises(ValueError, match=told) as by_people:
        matcher_of(f"line=~{expression}")
    with pytest.raises(ValidationError, match=told) as by_programs:
        Matcher(name="line", value=expression, is_regex=True)
    assert reason in str(by_people.value)
    assert reason in str(by_programs.value)


def test_a_condition_is_read_as_it_was_written():
    for one in ("line=l1", 'line!="l1"', "line=~l.", "line!~l."):
        assert matcher_of(written(matcher_of(one))) == matcher_of(one)
