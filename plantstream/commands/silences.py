"""Silences as people said them, and how they stand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import typer

from plantstream.commands.given_times import local
from plantstream.commands.given_words import must_name
from schemas.acts import Matcher, OperatorRecord, Silence, SilenceExpired
from schemas.alerts import AlertStatus
from schemas.mistakes import did_you_mean
from schemas.plant.alerts.matchers import is_met, written


@dataclass(frozen=True, slots=True)
class Stood:
    """A silence, and the word that ended it, if there was one."""

    silence: Silence
    expired: SilenceExpired | None = None

    @property
    def ends_at(self) -> datetime:
        """When it is over."""
        ended = self.silence.ends_at
        return ended if self.expired is None else min(ended, self.expired.source_time)

    def state(self, now: datetime) -> str:
        """`pending`, `active` or `expired`."""
        if self.ends_at <= now:
            return "expired"
        return "active" if self.silence.starts_at <= now else "pending"

    def document(self, now: datetime) -> dict[str, Any]:
        """For programs; times are UTC."""
        said, ended = self.silence, self.expired
        return {
            "id": said.statement,
            "site": said.site,
            "state": self.state(now),
            "matchers": [written(one) for one in said.matchers],
            "starts_at": said.starts_at.isoformat(),
            "ends_at": self.ends_at.isoformat(),
            "by": said.by,
            "comment": said.comment,
            "expired_by": ended.by if ended is not None else None,
        }


def silences_of(acts: Iterable[OperatorRecord]) -> dict[str, Stood]:
    """The silences by id, the first of an id; a word that comes before its silence counts too."""
    said: dict[str, Silence] = {}
    ended: dict[str, SilenceExpired] = {}
    for act in acts:
        if isinstance(act, Silence):
            said.setdefault(act.statement, act)
        elif isinstance(act, SilenceExpired):
            ended.setdefault(act.silence, act)
    found = {name: Stood(one) for name, one in said.items()}
    return {name: replace(one, expired=ended.get(name)) for name, one in found.items()}


def kept_quiet(statuses: Iterable[AlertStatus], silence: str) -> int:
    """How many alerts that fire now this silence keeps quiet."""
    name = f"silence {silence}"
    return sum(one.alert.state == "firing" and name in one.suppressed_by for one in statuses)


def row(one: Stood, alerts: Sequence[AlertStatus], zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    """A line of the list."""
    said = one.silence
    return {
        "id": said.statement,
        "state": one.state(now),
        "from": local(said.starts_at, zone),
        "until": local(one.ends_at, zone),
        "by": said.by,
        "alerts": kept_quiet(alerts, said.statement),
        "matchers": " ".join(written(one) for one in said.matchers),
        "comment": said.comment,
    }


def find(word: str, known: dict[str, Stood]) -> Stood:
    """The silence of this id, or of the only one that begins so.

    Raises:
        typer.BadParameter: the word is blank, or there is none, or more than one.
    """
    must_name(word, "ID")
    found = [one for name, one in known.items() if name.startswith(word)]
    if word in known:
        return known[word]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(one.silence.statement for one in found)
        raise typer.BadParameter(f"{word} may be each of {names}", param_hint="ID")
    hint = did_you_mean(word, known) or "list them with: plantstream silence list --all"
    raise typer.BadParameter(f"no such silence: {word}; {hint}", param_hint="ID")


def must_be_narrow(matchers: Sequence[Matcher]) -> None:
    """At least one condition asks for something that not every alert has.

    Raises:
        typer.BadParameter: an alert without any label would be silenced.
    """
    if all(is_met(one, {}) for one in matchers):
        told = "this would silence alerts of every name: ask for a label, such as alertname=Hot"
        raise typer.BadParameter(told, param_hint="--match")
