"""Alerts of one message that say the same of several places, told in one line with their number."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

_NAMED = 8
"""Places of one line."""


class Listed(Protocol):
    """What a line tells of an alert."""

    @property
    def name(self) -> str:
        """Of its rule."""

    @property
    def summary(self) -> str:
        """What happened."""

    @property
    def severity(self) -> str:
        """In words."""

    @property
    def state(self) -> str:
        """In words."""

    @property
    def where(self) -> str:
        """The equipment, or what else it is about."""


@dataclass(frozen=True, slots=True)
class Bunch:
    """One line."""

    severity: str
    state: str
    count: int
    text: str


def bunches(alerts: Sequence[Listed]) -> tuple[Bunch, ...]:
    """The alerts by rule, severity and state, in the order of the first of each."""
    found: dict[tuple[str, str, str], list[Listed]] = {}
    for one in alerts:
        found.setdefault((one.name, one.severity, one.state), []).append(one)
    return tuple(_bunch(some) for some in found.values())


def _bunch(alerts: Sequence[Listed]) -> Bunch:
    first = alerts[0]
    if len(alerts) == 1:
        text = f"{first.where}: {first.summary}"
    else:
        places = list(dict.fromkeys(one.where for one in alerts))
        named = ", ".join(places[:_NAMED]) + (", …" if len(places) > _NAMED else "")
        text = f"{len(alerts)} × {first.name or first.summary}: {named}"  # noqa: RUF001 - times
    return Bunch(first.severity, first.state, len(alerts), text)
