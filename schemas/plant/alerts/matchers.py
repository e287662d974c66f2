"""Conditions on labels, as Alertmanager writes them: `area=quality`, `severity=~"warning|info"`."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

from schemas.acts import Matcher
from schemas.expressions import is_whole_match, mistake_in

_WRITTEN = re.compile(r'\s*([A-Za-z_][A-Za-z0-9_]*)\s*(=~|!~|!=|=)\s*("?)(.*?)\3\s*')


def matcher_of(given: str) -> Matcher:
    """The condition that is written so.

    Raises:
        ValueError: it is none, and how one is written.
    """
    found = _WRITTEN.fullmatch(given)
    if found is None:
        raise ValueError("write a condition on a label as area=quality, or severity=~warning|info")
    name, sign, _, value = found.groups()
    mistake = mistake_in(value) if sign.endswith("~") else None
    if mistake is not None:
        raise ValueError(f"{value} is no regular expression: {mistake}")
    return Matcher(name=name, value=value, is_regex="~" in sign, is_equal=not sign.startswith("!"))


def _read(given: Any) -> Any:
    return matcher_of(given) if isinstance(given, str) else given


def written(matcher: Matcher) -> str:
    """As people write it."""
    sign = ("=" if matcher.is_equal else "!") + ("~" if matcher.is_regex else "=")
    return f'{matcher.name}{sign.replace("==", "=")}"{matcher.value}"'


LabelMatcher = Annotated[
    Matcher, BeforeValidator(_read, json_schema_input_type=str), PlainSerializer(written)
]
"""A condition on one label; a label that is missing is an empty one."""


def is_met(matcher: Matcher, labels: Mapping[str, str]) -> bool:
    """Whether these labels meet the condition; a regular expression has to match all of it.

    One that is none, as an earlier version may have taken it, is not met by anything.
    """
    value = labels.get(matcher.name, "")
    found = is_whole_match(matcher.value, value) if matcher.is_regex else value == matcher.value
    return found is matcher.is_equal


def are_met(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Whether these labels meet all of the conditions."""
    return all(is_met(one, labels) for one in matchers)
