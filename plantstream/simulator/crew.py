"""What people of the plant state: calls for help, maintenance, reasons, scrap found later."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from plantstream.simulator.ledger import SaidEntry
from plantstream.simulator.machine import Stance
from plantstream.simulator.packml import PackML
from plantstream.simulator.plant import Change
from schemas.plant.equipment import Equipment
from schemas.plant.model import Plant

OPERATOR, MECHANIC, LABORATORY = "ana", "luis", "lab"
PEOPLE = (OPERATOR, MECHANIC, LABORATORY)
"""The names that their tokens have."""
AFTER = timedelta(seconds=12)
"""So long after a minute is over people say why something stood in it, and what was bad in it: its
figures are settled by then, and have to be restated."""
BREAKDOWNS = ("bearing", "no-material", "fire-drill", "motor")
"""What breakdowns of the first, second, ... machine turn out to be."""

_MINUTE = timedelta(minutes=1)
_INSIDE = timedelta(milliseconds=1)
"""A moment of a stop is so long after its beginning."""
_STARTUP_EVERY, _MAINTAINED_EVERY = 2, 3


@dataclass(frozen=True, slots=True)
class Saying:
    """What somebody states of an equipment once it is due."""

    due: datetime
    equipment: str
    entry: SaidEntry


@dataclass(slots=True)
class _Watched:
    """What the crew has seen of one machine."""

    id: str
    place: int
    unit: int
    """Counting units per count."""
    bad: str
    """Why its parts are bad."""
    stance: Stance = Stance(None, None, None)  # noqa: RUF009 - it is frozen
    down_since: datetime | None = None
    calls: int = 0
    made_at: list[datetime] = field(default_factory=list)
    """When good parts of this batch were counted."""


class Crew:
    """Sees what happens at the machines, and speaks of it at once or later."""

    def __init__(self, plant: Plant) -> None:
        machines = enumerate(plant.equipment)
        self._machines = {one.id: _watched(one, place) for place, one in machines}
        self._waiting: list[Saying] = []
        self._said = 0

    def hear(self, changes: Iterable[Change], at: datetime) -> list[Saying]:
        """Look at what has changed; gives what is said now."""
        for change in changes:
            one = self._machines[change.equipment]
            if change.made is not None and change.made.good and one.stance.batch is not None:
                self._waiting += _of_good(one, at)
            if change.stance is not None:
                self._waiting += _of_stance(one, change.stance, at)
                one.stance = change.stance
        due = [self._numbered(one, at) for one in self._waiting if one.due <= at]
        self._waiting = [one for one in self._waiting if one.due > at]
        return due

    def _numbered(self, one: Saying, at: datetime) -> Saying:
        """With an id, so that it may be sent as often as need be, and counts once."""
        self._said += 1
        statement = {"id": f"said-{self._said}", **one.entry.statement}
        return Saying(at, one.equipment, SaidEntry(at, one.entry.by, statement))


def _watched(one: Equipment, place: int) -> _Watched:
    good = next(tag for tag in one.tags if tag.means == "good_count")
    bad = "viscosity" if one.equipment_class == "reactor" else "leak"
    return _Watched(one.id, place, int(good.scale), bad)


def _of_good(one: _Watched, at: datetime) -> Iterator[Saying]:
    """The first good parts of a batch may turn out to be start-up rejects."""
    one.made_at.append(at)
    if len(one.made_at) == 1 and one.place % _STARTUP_EVERY == 0:
        rejects = _bad(one.unit, "first-pieces") | {"startup": True}
        yield _saying(one, _later(at), OPERATOR, at, "parts_reported", rejects)


def _of_stance(one: _Watched, now: Stance, at: datetime) -> Iterator[Saying]:
    if now.state is None:
        return
    yield from _of_breakdown(one, now, at)
    if one.place % _MAINTAINED_EVERY == 0 and now.reason != one.stance.reason:
        order = {"work_order": f"{one.id}-{at:%H%M%S}"}
        if now.reason == "cleaning":
            told = order | {"planned": True}
            yield _saying(one, at, MECHANIC, at, "maintenance_started", told)
        elif one.stance.reason == "cleaning":
            yield _saying(one, at, MECHANIC, at, "maintenance_ended", {})
    if one.stance.batch is not None and now.batch is None:
        if one.made_at:
            found = _bad(one.unit, one.bad) | {"batch": one.stance.batch}
            middle = one.made_at[len(one.made_at) // 2]
            yield _saying(one, _later(at), LABORATORY, middle, "parts_reported", found)
        one.made_at.clear()


def _of_breakdown(one: _Watched, now: Stance, at: datetime) -> Iterator[Saying]:
    """A call for help while it lasts, and a reason some time after."""
    if now.state is PackML.ABORTING:
        one.down_since, one.calls = at, one.calls + 1
        call = {"andon": f"{one.id}-{one.calls}", "priority": "high", "kind": "maintenance"}
        yield _saying(one, at, OPERATOR, at, "andon_raised", call)
    elif one.stance.state is PackML.CLEARING and one.down_since is not None:
        call = {"andon": f"{one.id}-{one.calls}"}
        yield _saying(one, at, MECHANIC, at, "andon_cleared", call)
        reason = {"reason": BREAKDOWNS[one.place % len(BREAKDOWNS)]}
        moment = one.down_since + _INSIDE
        yield _saying(one, _later(at), OPERATOR, moment, "stop_reason_given", reason)


def _later(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0) + _MINUTE + AFTER


def _bad(number: int, reason: str) -> dict[str, Any]:
    return {"good": -number, "scrap": number, "reason": reason}


def _saying(
    one: _Watched, due: datetime, by: str, time: datetime, kind: str, told: dict[str, Any]
) -> Saying:
    statement = {"type": kind, "time": time.isoformat(), "equipment": one.id, **told}
    return Saying(due, one.id, SaidEntry(due, by, statement))
