"""Raw readings of a device's counter to whole increments in counting units, exact for ever."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Context, Decimal, localcontext
from enum import StrEnum

from ingest.input import Value

LARGEST = Decimal(10) ** 18
"""Readings and increments above this fit into no database column: they are ignored."""
MOST_AT_ONCE = Decimal(10) ** 9
"""Counting units that can be gained from one reading to the next, where nobody says how fast that
is: a 32-bit register that is all ones has more."""
ROLLOVER_SHARE = 4
"""A fall is a roll-over if the way across the limit is at most this part (1/4) of the range."""

SHORTEST = timedelta(seconds=1)
"""Source times may be whole seconds: readings are never judged as closer together than this."""

_RESOLUTION = Decimal("1e-9")
_EXACT = Context(prec=100)
_BROKE = " broke: "
_DOUBTED = " doubted: "
_MICROS_PER_S = 1_000_000


class Ignored(StrEnum):
    """Why a reading was not counted."""

    NOT_A_NUMBER = "counter_not_a_number"
    NEGATIVE = "counter_negative"
    TOO_LARGE = "counter_too_large"
    STRAGGLER = "counter_straggler"
    """From before what was counted already: it arrived out of order."""
    JUMP = "counter_jump"
    """It gained more than plausible: nothing is counted, and counting goes on from here."""


@dataclass(frozen=True, slots=True)
class Counter:
    """How a counter counts."""

    scale: Decimal = Decimal(1)
    """Counting units per raw unit."""
    rollover: int | None = None
    """Largest raw value before it begins at 0 again."""
    most_per_s: Decimal | None = None
    """Counting units per second that can be believed; None believes `MOST_AT_ONCE`."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the next reading is compared with."""

    raw: Decimal
    remainder: Decimal
    """The part of a counting unit, below 1, that is seen and not counted yet."""
    at: datetime
    origin: str | None = None
    """Where it was read; None is not known."""
    broke_at: datetime | None = None
    """When it last fell or jumped: what is older and higher was counted before that."""
    doubted: "Baseline | None" = None
    """What it was before it fell or jumped; the next reading may show that this was no true one."""

    def is_of(self, origin: str) -> bool:
        """Whether what is read there goes on counting from here."""
        return self.origin is None or self.origin == origin

    def dump(self) -> str:
        """As text that `load` reads."""
        text = f"{self.raw} {self.remainder} {self.at.isoformat()}"
        if self.origin is not None:
            text += f" {self.origin}"
        if self.broke_at is not None:
            text += f"{_BROKE}{self.broke_at.isoformat()}"
        return text if self.doubted is None else f"{text}{_DOUBTED}{self.doubted.dump()}"

    @classmethod
    def load(cls, text: str) -> "Baseline":
        """The baseline that `dump` wrote."""
        text, _, doubted = text.partition(_DOUBTED)
        text, _, broke = text.partition(_BROKE)
        raw, remainder, at, *origin = text.split(" ")
        return cls(
            Decimal(raw),
            Decimal(remainder),
            datetime.fromisoformat(at),
            origin=origin[0] if origin else None,
            broke_at=datetime.fromisoformat(broke) if broke else None,
            doubted=cls.load(doubted) if doubted else None,
        )


@dataclass(frozen=True, slots=True)
class Reset:
    """The reading fell, or it rose further than can be believed."""

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

    The first reading is the baseline itself. Without a fall or a jump, increments from the first to
    the last reading add up to floor(last * scale) - floor(first * scale), however the series is
    split.
    """
    with localcontext(_EXACT):
        raw = _reading(value)
        if isinstance(raw, Ignored):
            return Counted(baseline, ignored=raw)
        if baseline is None:
            return Counted(_anew(counter, raw, at))
        if _is_late(baseline, raw, at):
            return Counted(baseline, ignored=Ignored.STRAGGLER)
        if raw == baseline.raw:
            return Counted(replace(baseline, at=max(at, baseline.at)))
        change = _Change(counter, baseline, raw, at)
        return change.rise() if raw > baseline.raw else change.fall()


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


def _anew(counter: Counter, raw: Decimal, at: datetime) -> Baseline:
    return Baseline(raw, raw * counter.scale % 1, at)


def _is_late(baseline: Baseline, raw: Decimal, at: datetime) -> bool:
    """Whether it was read before the baseline, and not by a clock that was set back since."""
    if raw < baseline.raw:
        return at < baseline.at
    return raw > baseline.raw and baseline.broke_at is not None and at < baseline.broke_at


@dataclass(frozen=True, slots=True)
class _Change:
    """A reading that is not the last one."""

    counter: Counter
    baseline: Baseline
    raw: Decimal
    at: datetime

    def rise(self) -> Counted:
        """Count the difference, if it can be believed."""
        by = self.raw - self.baseline.raw
        if self._is_plausible(self.baseline, by):
            return self._advance(self.baseline, by)
        return self._return() or self._jump()

    def fall(self) -> Counted:
        """The wrong reading is over, the counter rolled over, or it began anew."""
        returned = self._return()
        if returned is not None:
            return returned
        across = _across_limit(self.counter.rollover, self.baseline.raw, self.raw)
        if across is not None and self._is_plausible(self.baseline, across):
            return self._break(self._advance(self.baseline, across), rolled_over=True)
        if self._is_plausible(self.baseline, self.raw):
            return self._break(self._advance(self.baseline, self.raw))
        return self._jump()

    def _is_plausible(self, since: Baseline, by: Decimal) -> bool:
        """Whether it can have gained so much since then; a single raw unit always can be."""
        most_per_s = self.counter.most_per_s
        if by <= 1:
            return True
        if most_per_s is None:
            return by * self.counter.scale <= MOST_AT_ONCE
        elapsed = max(abs(self.at - since.at), SHORTEST)
        micros = Decimal(elapsed // timedelta(microseconds=1))
        return by * self.counter.scale <= most_per_s * micros / _MICROS_PER_S

    def _advance(self, since: Baseline, by: Decimal) -> Counted:
        units = by * self.counter.scale + since.remainder
        if units > LARGEST:
            return Counted(self.baseline, ignored=Ignored.TOO_LARGE)
        whole = units.to_integral_value(ROUND_FLOOR)
        broke_at = self.baseline.broke_at
        at = max(self.at, since.at)
        return Counted(Baseline(self.raw, units - whole, at, broke_at=broke_at), int(whole))

    def _return(self) -> Counted | None:
        """Count from the reading before a break that was no true one."""
        before = self.baseline.doubted
        if before is None or before.raw > self.raw:
            return None
        by = self.raw - before.raw
        if not self._is_plausible(before, by):
            return None
        counted = self._advance(before, by)
        return self._break(counted, doubt=False)

    def _break(self, counted: Counted, *, rolled_over: bool = False, doubt: bool = True) -> Counted:
        """Tell of the break with what was counted over it."""
        if counted.ignored is Ignored.TOO_LARGE or counted.baseline is None:
            return counted
        # Without a rate every fall is believed, so that only a jump may turn out to be none.
        doubt = doubt and (self.counter.most_per_s is not None or counted.ignored is Ignored.JUMP)
        doubted = self._believed() if doubt else None
        baseline = replace(counted.baseline, broke_at=self.at, doubted=doubted)
        reset = Reset(f"{self.baseline.raw:f}", f"{self.raw:f}", rolled_over)
        return replace(counted, baseline=baseline, reset=reset)

    def _jump(self) -> Counted:
        return self._break(Counted(_anew(self.counter, self.raw, self.at), ignored=Ignored.JUMP))

    def _believed(self) -> Baseline:
        return replace(self.baseline.doubted or self.baseline, doubted=None)


def _across_limit(limit: int | None, before: Decimal, after: Decimal) -> Decimal | None:
    """The way from `before` over the limit to `after`, if it is short enough to be believed."""
    if limit is None or before > limit:
        return None
    way = limit - before + after + 1
    return way if way * ROLLOVER_SHARE <= limit + 1 else None
