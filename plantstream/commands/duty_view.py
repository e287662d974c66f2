"""Schedules as people and programs see them: who is on call, who is next, and who took over."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import typer

from plantstream.commands.given_times import local
from schemas.acts import OnCallTaken, OperatorRecord
from schemas.mistakes import did_you_mean
from schemas.plant.alerts.duty import Duty, Roster, Taken
from schemas.plant.alerts.people import Schedule
from schemas.plant.local_time import instant
from schemas.plant.model import Plant

MOST_DUTIES = 500
"""Of one schedule in a list of hand-overs."""
TakenOver = Mapping[str, Sequence[OnCallTaken]]


@dataclass(frozen=True, slots=True)
class Watch:
    """One schedule at an instant."""

    name: str
    schedule: Schedule
    zone: ZoneInfo
    roster: Roster
    taken: Sequence[OnCallTaken]
    at: datetime

    @property
    def duty(self) -> Duty:
        """Who is on call."""
        return self.roster.duty(self.at)

    @property
    def following(self) -> Duty | None:
        """Who is on call after that."""
        end = self.duty.end
        return None if end is None else Duty(end, self.roster.next_change(end), self.roster.at(end))


def taken_over(acts: Iterable[OperatorRecord]) -> dict[str, list[OnCallTaken]]:
    """What people took over by word, by schedule, in the order in which they said it."""
    found: dict[str, list[OnCallTaken]] = {}
    said = {one.statement: one for one in acts if isinstance(one, OnCallTaken)}
    for one in sorted(said.values(), key=lambda one: (one.source_time, one.statement)):
        found.setdefault(one.schedule, []).append(one)
    return found


def watch(plant: Plant, name: str, taken: TakenOver, at: datetime) -> Watch:
    """The schedule of this name.

    Raises:
        typer.BadParameter: the plant file has none.
    """
    schedule = plant.schedules.get(name)
    if schedule is None:
        hint = did_you_mean(name, plant.schedules)
        known = f"there is {', '.join(plant.schedules)}" if plant.schedules else "there is none"
        told = f"no such schedule: {name}; {hint + '; ' if hint else ''}{known}"
        raise typer.BadParameter(told, param_hint="SCHEDULE")
    said = taken.get(name, ())
    spans = [Taken(one.person, one.starts_at, one.ends_at) for one in said]
    roster = Roster(schedule, plant.time_zone, spans)
    zone = zone_of(plant, schedule)
    return Watch(name, schedule, zone, roster, said, at)


def zone_of(plant: Plant, schedule: Schedule) -> ZoneInfo:
    """In which the schedule's times are written."""
    return ZoneInfo(schedule.time_zone or plant.time_zone)


def row(one: Watch) -> dict[str, Any]:
    """Who is on call now and next."""
    duty, following = one.duty, one.following
    return {
        "schedule": one.name,
        "on call": first(duty),
        "since": local(duty.start, one.zone),
        "until": local(duty.end, one.zone),
        "then": first(following) if following else "",
        "also on duty": ", ".join(duty.people[1:]),
    }


def first(duty: Duty) -> str:
    """Who is called."""
    return duty.people[0] if duty.people else "nobody"


def duties(one: Watch, length: timedelta) -> Iterator[dict[str, Any]]:
    """The duties from the one that holds now on, one line each."""
    for number, duty in enumerate(one.roster.between(one.duty.start, one.at + length)):
        if number >= MOST_DUTIES:
            return
        yield {
            "schedule": one.name,
            "from": local(duty.start, one.zone),
            "until": local(duty.end, one.zone),
            "on call": first(duty),
            "also on duty": ", ".join(duty.people[1:]),
        }


def overrides(one: Watch) -> Iterator[dict[str, Any]]:
    """Who takes over in place of whose turn it is, as far as it is not over."""
    for written in one.schedule.overrides:
        start, end = instant(written.start, one.zone), instant(written.end, one.zone)
        if end > one.at:
            yield _override(one, (written.person, start, end), "plant file")
    for said in one.taken:
        if said.ends_at > one.at:
            by = f"{said.by}, {local(said.source_time, one.zone)}"
            yield _override(one, (said.person, said.starts_at, said.ends_at), by)


def document(one: Watch, length: timedelta | None) -> dict[str, Any]:
    """For programs; times are UTC."""
    following = one.following
    found: dict[str, Any] = {
        "schedule": one.name,
        "time_zone": one.zone.key,
        "at": _utc(one.at),
        "now": _duty(one.duty),
        "next": None if following is None else _duty(following),
        "overrides": [
            {
                "person": each.person,
                "starts_at": _utc(instant(each.start, one.zone)),
                "ends_at": _utc(instant(each.end, one.zone)),
            }
            for each in one.schedule.overrides
        ],
        "taken_over": [
            each.model_dump(
                mode="json",
                include={"person", "starts_at", "ends_at", "by", "source_time", "comment"},
            )
            for each in one.taken
        ],
    }
    if length is not None:
        listed = one.roster.between(one.duty.start, one.at + length)
        pairs = zip(range(MOST_DUTIES), listed, strict=False)
        found["duties"] = [_duty(duty) for _, duty in pairs]
    return found


def _override(one: Watch, taken: tuple[str, datetime, datetime], by: str) -> dict[str, Any]:
    person, start, end = taken
    return {
        "schedule": one.name,
        "takes over": person,
        "from": local(start, one.zone),
        "until": local(end, one.zone),
        "by": by,
    }


def _duty(duty: Duty) -> dict[str, Any]:
    return {
        "people": list(duty.people),
        "starts_at": _utc(duty.start),
        "ends_at": None if duty.end is None else _utc(duty.end),
    }


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
