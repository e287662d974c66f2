"""What was said of one batch, or of one result without a batch, as it is remembered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from processors.quality.makings import Making, Spell
from processors.rules.times import micros
from schemas.lab import DeviationAction, DeviationStep, Disposition, TestResult
from schemas.record import EventId

Origin = tuple[str, str, int]
"""Source, epoch and seq of the event that said it."""


class Sealed(NamedTuple):
    """A signature as it was judged when its statement came."""

    id: str = ""
    """Empty where there is none, or none is looked at."""
    name: str = ""
    login: str = ""
    roles: tuple[str, ...] = ()
    field: str = ""
    reason: str = ""
    """What speaks against it, or against there being none."""

    @property
    def is_valid(self) -> bool:
        """Whether somebody signed."""
        return bool(self.id) and not self.reason


UNSEALED = Sealed()


class Version(NamedTuple):
    """A result as it was stated once; times in microseconds since 1970."""

    statement: str
    origin: Origin
    said_at: int
    """When the edge heard it: of two statements the one with the smaller was first."""
    at: int
    """When it was found."""
    by: str
    analyst: str | None
    test: str
    batch: str | None
    sample: str | None
    sample_at: int | None
    number: float | None
    text: str | None
    comparator: Literal["<", ">"] | None
    unit: str
    revision: int
    corrects: str | None
    is_explained: bool
    retest: bool
    invalid: bool
    sealed: Sealed = UNSEALED
    reason: str | None = None

    @property
    def value(self) -> tuple[float | None, str | None, str | None, str]:
        """What was found, however often it is said."""
        return self.number, self.text, self.comparator, self.unit


class Decision(NamedTuple):
    """A disposition."""

    statement: str
    origin: Origin
    said_at: int
    at: int
    by: str
    decision: Literal["release", "conditional", "reject", "hold"]
    is_explained: bool
    roles: tuple[str, ...]
    sealed: Sealed = UNSEALED
    reason: str | None = None


class Action(NamedTuple):
    """A step in the life of a deviation."""

    statement: str
    origin: Origin
    said_at: int
    at: int
    by: str
    action: DeviationStep
    reason: str
    roles: tuple[str, ...]
    sealed: Sealed = UNSEALED


Said = Version | Decision | Action


def person_of(one: Said) -> str:
    """Who said it: the person who signed, else the token."""
    return one.sealed.name if one.sealed.is_valid else one.by


def names_of(one: Said) -> frozenset[str]:
    """All names of who said it, to be compared."""
    names = (one.sealed.name, one.sealed.login) if one.sealed.is_valid else (one.by,)
    return frozenset(name.casefold() for name in names)


Makings = Mapping[str, Making]
"""By the record that told of it."""
Group = tuple[Version, ...]
"""All that was said of one sample's test, in the order in which it was said."""


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that was said of one batch; or of one result, where that belongs to no batch."""

    batch: str | None
    groups: Mapping[str, Group] = field(default_factory=dict)
    makings: Makings = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()

    @property
    def start(self) -> int | None:
        """When the first equipment began it."""
        return min((one.start for one in self.makings.values()), default=None)

    @property
    def end(self) -> int | None:
        """When the last equipment ended it; None while one makes it."""
        ends = [one.end for one in self.makings.values() if one.end is not None]
        return max(ends) if ends and len(ends) == len(self.makings) else None

    def met(self, spell: Spell) -> int | None:
        """When an excursion first fired while the batch was made; None if it did not."""
        moments = (spell.met(one) for one in self.makings.values())
        return min((at for at in moments if at is not None), default=None)

    def until(self, said_at: int) -> "Dossier":
        """As much of its results as had been said by then."""
        groups = {
            name: tuple(one for one in group if one.said_at <= said_at)
            for name, group in self.groups.items()
        }
        return replace(self, groups=groups)


def in_order(said: Iterable[Version]) -> Group:
    """The statements as they were said; each once."""
    return tuple(sorted({one.statement: one for one in said}.values(), key=_order))


def _order(one: Version) -> tuple[int, str]:
    return one.said_at, one.statement


def version_of(event: TestResult, sealed: Sealed = UNSEALED) -> Version:
    """The result as it is remembered."""
    return Version(
        statement=event.statement,
        origin=origin_of(event.id),
        said_at=micros(event.ingest_time),
        at=micros(event.source_time),
        by=event.by,
        analyst=event.analyst,
        test=event.test,
        batch=event.batch,
        sample=event.sample,
        sample_at=None if event.sample_time is None else micros(event.sample_time),
        number=event.number,
        text=event.text,
        comparator=event.comparator,
        unit=event.unit,
        revision=event.revision,
        corrects=event.corrects,
        is_explained=event.reason is not None,
        retest=event.retest,
        invalid=event.invalid,
        sealed=sealed,
        reason=event.reason,
    )


def decision_of(event: Disposition, sealed: Sealed = UNSEALED) -> Decision:
    """The disposition as it is remembered."""
    return Decision(
        statement=event.statement,
        origin=origin_of(event.id),
        said_at=micros(event.ingest_time),
        at=micros(event.source_time),
        by=event.by,
        decision=event.decision,
        is_explained=event.reason is not None,
        roles=sealed.roles if sealed.is_valid else event.roles,
        sealed=sealed,
        reason=event.reason,
    )


def action_of(event: DeviationAction, sealed: Sealed = UNSEALED) -> Action:
    """The step as it is remembered."""
    return Action(
        statement=event.statement,
        origin=origin_of(event.id),
        said_at=micros(event.ingest_time),
        at=micros(event.source_time),
        by=event.by,
        action=event.action,
        reason=event.reason,
        roles=sealed.roles if sealed.is_valid else event.roles,
        sealed=sealed,
    )


def origin_of(event: EventId) -> Origin:
    """The event as it is remembered."""
    return event.source, event.epoch, event.seq


def event_of(origin: Origin) -> EventId:
    """The event that was remembered."""
    source, epoch, seq = origin
    return EventId(source=source, epoch=epoch, seq=seq)
