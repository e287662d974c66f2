"""What a condition sees when it looks: a truth or none, and the figures that people are shown."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from processors.rules.pieces import Piece
from processors.rules.signals import Signals
from schemas.plant.alerts.conditions import Limits

Memory = tuple[Any, ...]
"""Per piece of a condition what it has to remember: on which side it is, or since when."""


class Seen(NamedTuple):
    """What a condition comes to, and the figures that people are shown."""

    truth: bool | None
    value: float | str | None = None
    limit: float | str | None = None
    unit: str = ""


UNKNOWN = Seen(None)


@dataclass(slots=True)
class Sight:
    """What is known when a condition is looked at."""

    signals: Signals
    at: int
    floor: int
    """Time before this counts for nothing."""
    born: int
    """Since when anything is known at all."""
    memory: list[Any]
    changes_at: int | None = field(default=None)
    """When something may become another thing without anything being said."""

    def wait_until(self, at: int) -> None:
        """Something may change then."""
        if at > self.at and (self.changes_at is None or at < self.changes_at):
            self.changes_at = at


def limited(look: Sight, limits: Limits, piece: Piece, value: float | None) -> Seen:
    """Beyond a limit; once it is, until it has come back by the deadband."""
    if value is None:
        return UNKNOWN._replace(unit=piece.unit)
    beyond = limits.side_of(value, look.memory[piece.place] or 0)
    look.memory[piece.place] = beyond or None
    limit = limits.below if beyond < 0 or limits.above is None else limits.above
    return Seen(bool(beyond), value, limit, piece.unit)
