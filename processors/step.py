"""The one shape of everything stateful: a state and events in, a state and outputs out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel

from schemas.plant.load import PlantFile
from schemas.topics import Topic

State = TypeVar("State")


class UnprocessableError(ValueError):
    """These events fit their schema, but nothing can ever be computed from them: bury them."""


@dataclass(frozen=True, slots=True)
class Output:
    """Something that is now true: the record replaces any other of the same key."""

    topic: Topic
    partition_key: str
    record_key: str
    record: BaseModel


@dataclass(frozen=True, slots=True)
class Transition(Generic[State]):
    """What became of a state, and what follows from it."""

    state: State
    outputs: Sequence[Output] = ()


@dataclass(frozen=True, slots=True)
class InForce:
    """The plant file that was applied at a site, and since when it holds."""

    plant: PlantFile
    since: datetime


Sites = Mapping[str, InForce]
"""By site (enterprise/site)."""


@runtime_checkable
class Retiring(Protocol[State]):
    """An engine whose states end when the plant file knows no more what they are about."""

    def retire(self, state: State, now: datetime, sites: Sites) -> Transition[State]:
        """End what is said of something that the file in force at its site has no longer."""


class Engine(Protocol[State]):
    """One kind of state per key, advanced by events. Pure: no clock, no I/O, no randomness."""

    @property
    def name(self) -> str:
        """Part of the names of the consumer group, the transactions and the metrics."""

    @property
    def inputs(self) -> tuple[Topic, ...]:
        """What it reads; all have the same number of partitions."""

    @property
    def memory(self) -> Topic:
        """Where its rows are kept."""

    def key_of(self, event: Any) -> str:
        """Which state this event concerns."""

    def load(self, key: str, rows: Mapping[str, bytes]) -> State:
        """The state that `dump` gave; no rows make the first state of a key."""

    def dump(self, state: State) -> dict[str, bytes]:
        """The state as small named rows, so that only those that changed are written."""

    def advance(self, state: State, events: Sequence[Any], plant: PlantFile) -> Transition[State]:
        """Apply events of one key, in the order in which they came.

        Engines of events that name no plant file take None for it.

        Raises:
            UnprocessableError: the plant file cannot place them.
        """

    def due(self, state: State) -> datetime | None:
        """From when on a tick may have something to say, if no event comes before; None is never.

        It may be too early, and never too late.
        """

    def tick(self, state: State, now: datetime, plant: PlantFile) -> Transition[State]:
        """Say what is true by now. A tick changes no totals: any schedule gives the same facts."""
