"""Raw readings of a device's counter to whole increments in counting units, exact for ever."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_FLOOR, Context, Decimal, localcontext
from enum import StrEnum

from ingest.input import Value

LARGEST = Decimal(10) ** 18
"""Readings and increments above this fit into no database column: they are ignored."""
ROLLOVER_SHARE = 4
"""A fall is a roll-over if the way across the limit is at most this part (1/4) of the range."""

_RESOLUTION = Decimal("1e-9")
_EXACT = Context(prec=100)


class Ignored(StrEnum):
    """Why a reading was not counted."""

    NOT_A_NUMBER = "counter_not_a_number"
    NEGATIVE = "counter_negative"
    TOO_LARGE = "counter_too_large"
    STRAGGLER = "counter_straggler"
    """Lower and older than what was counted already: it arrived out of order."""


@dataclass(frozen=True, slots=True)
class Counter:
    """How a counter counts."""

    scale: Decimal = Decimal(1)
    """Counting units per raw unit."""
    rollover: int | None = None
    """Largest raw value before it begins at 0 again."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the next reading is compared with."""

    raw: Decimal
    remainder: Decimal
    """The part of a counting unit, below 1, that is seen and not counted yet."""
    at: datetime
    origin: str | None = None
    """Where it was read; None is not known."""

    def is_of(self, origin: str) -> bool:
        """Whether what is read there goes on counting from here."""
        return self.origin is None or self.origin == origin

    def dump(self) -> str:
        """As text that `load` reads."""
        text = f"{self.raw} {self.remainder} {self.at.isoformat()}"
        return text if self.origin is None else f"{text} {self.origin}"

    @classmethod
    def load(cls, text: str) -> "Baseline":
        """The baseline that `dump` wrote."""
        raw, remainder, at, *origin = text.split(" ")
        return cls(Decimal(raw), Decimal(remainder), datetime.fromisoformat(at), *origin)


@dataclass(frozen=True, slots=True)
class Reset:
    """The reading fell."""

    before: str
    after: str
    rolled_over: bool


@dataclass(frozen=True, slots=True)
class Counted:
    """What one reading said."""

    baseline: Baseline | None
    increment: int = 0
    reset: Reset | None = None
    ignored: Ignored | None = None


def count(counter: Counter, baseline: Baseline | None, value: Value, at: datetime) -> Counted:
    """Compare a reading with the baseline.

    The first reading is the baseline itself. Without a fall, increments from the first to the last
    reading add up to floor(last * scale) - floor(first * scale), however the series is split.
    """
    with localcontext(_EXACT):
        raw = _reading(value)
        if isinstance(raw, Ignored):
            return Counted(baseline, ignored=raw)
        if baseline is None:
            return Counted(Baseline(raw, raw * counter.scale % 1, at))
        if raw == baseline.raw:
            return Counted(replace(baseline, at=max(at, baseline.at)))
        if raw > baseline.raw:
            return _advance(counter, baseline, raw, at, by=raw - baseline.raw)
        return _fall(counter, baseline, raw, at)


def _reading(value: Value) -> Decimal | Ignored:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Ignored.NOT_A_NUMBER
    if isinstance(value, float) and not -float("inf") < value < float("inf"):
        return Ignored.NOT_A_NUMBER
    if value < 0:
        return Ignored.NEGATIVE
    if value > LARGEST:
        return Ignored.TOO_LARGE
    return Decimal(str(value)).quantize(_RESOLUTION).normalize()


def _fall(counter: Counter, baseline: Baseline, raw: Decimal, at: datetime) -> Counted:
    if at < baseline.at:
        return Counted(baseline, ignored=Ignored.STRAGGLER)
    across = _across_limit(counter.rollover, baseline.raw, raw)
    by = raw if across is None else across
    counted = _advance(counter, baseline, raw, at, by=by)
    if counted.ignored:
        return counted
    reset = Reset(f"{baseline.raw:f}", f"{raw:f}", rolled_over=across is not None)
    return replace(counted, reset=reset)


def _across_limit(limit: int | None, before: Decimal, after: Decimal) -> Decimal | None:
    """The way from `before` over the limit to `after`, if it is short enough to be believed."""
    if limit is None or before > limit:
        return None
    way = limit - before + after + 1
    return way if way * ROLLOVER_SHARE <= limit + 1 else None


def _advance(
    counter: Counter, baseline: Baseline, raw: Decimal, at: datetime, *, by: Decimal
) -> Counted:
    units = by * counter.scale + baseline.remainder
    if units > LARGEST:
        return Counted(baseline, ignored=Ignored.TOO_LARGE)
    whole = units.to_integral_value(ROUND_FLOOR)
    return Counted(Baseline(raw, units - whole, max(at, baseline.at)), int(whole))
