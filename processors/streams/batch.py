"""One micro-batch of one partition: records in, changed rows and outputs out. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from plantstream.runtime import burial
from plantstream.runtime.ports import Outgoing, Record
from processors.step import Engine, Output, Retiring, Sites, Transition, UnprocessableError
from processors.streams.causes import Arrival, Headers
from processors.streams.memory import Draft, Memory, Rows, mark_of
from schemas.acts import OperatorRecord
from schemas.alerts import AlertTransition
from schemas.codec import UnreadableError, decode, encode
from schemas.kpi import OeeReport
from schemas.lab import Excursion
from schemas.machine import Gap, MachineRecord
from schemas.partitioning import partition_key, partition_of
from schemas.plant.load import PlantFile
from schemas.record import Envelope, Frozen
from schemas.site import SIGNS_OF_LIFE
from schemas.topics import BY_NAME

MOST_AHEAD = timedelta(seconds=10)
"""Of somebody's clock before ours."""
_TIMES: Mapping[type[Frozen], str] = {
    AlertTransition: "at",
    OperatorRecord: "source_time",
    OeeReport: "end",
    Excursion: "at",
}
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Outcome:
    """What a micro-batch comes to."""

    engine: str
    draft: Draft = field(default_factory=Draft)
    rows: Rows = field(default_factory=dict)
    outputs: list[Outgoing] = field(default_factory=list)
    applied: int = 0
    repeats: int = 0
    holes: int = 0
    buried: int = 0
    ahead: int = 0
    """Said to be of the future."""


def unread(memory: Memory, records: Sequence[Record]) -> tuple[list[Record], dict[str, int]]:
    """The records that can be applied now, and per topic the offset that is missing, if any.

    Only marks of transactions are no records: what follows a missing one is left for later.
    """
    expected = dict(memory.positions)
    fresh: list[Record] = []
    missing: dict[str, int] = {}
    for record in records:
        wanted = expected.get(record.topic, 0)
        if record.follows(wanted):
            expected[record.topic] = record.end
            missing.pop(record.topic, None)
            fresh.append(record)
        elif record.offset > wanted:
            missing[record.topic] = wanted
    return fresh, missing


def read(records: Sequence[Record], outcome: Outcome, now: datetime) -> list[Arrival]:
    """The events of these records; what cannot be read is buried."""
    arrivals = []
    for record in records:
        outcome.draft.positions[record.topic] = record.end
        try:
            arrivals.append(Arrival(record, _placed(_decode(record), outcome, now)))
        except UnreadableError as error:
            _bury(record, str(error), outcome, now)
    return arrivals


def versions(arrivals: Sequence[Arrival]) -> set[str]:
    """The plant files that these events name."""
    return {_version(arrival) for arrival in arrivals} - {""}


def apply(
    engine: Engine[Any],
    memory: Memory,
    arrivals: Sequence[Arrival],
    plants: Mapping[str, PlantFile],
    outcome: Outcome,
    now: datetime,
) -> None:
    """Advance every state that these events concern; repeats change nothing."""
    by_state: dict[str, list[Arrival]] = {}
    for arrival in arrivals:
        by_state.setdefault(engine.key_of(arrival.event), []).append(arrival)
    for key, concerned in by_state.items():
        fresh = list(_without_repeats(memory, concerned, outcome))
        for version, group in groupby(fresh, key=_version):
            _advance(engine, memory, (key, plants.get(version)), list(group), outcome, now)
    outcome.rows = outcome.draft.rows(memory, engine)


def tick(
    engine: Engine[Any],
    memory: Memory,
    keys: Sequence[str],
    plants: Mapping[str, PlantFile],
    now: datetime,
) -> Outcome:
    """Tell these states the time, as far as they are live."""

    def told(state: Any) -> Transition[Any]:
        plant = plants.get(state.plant_version)
        return Transition(state) if plant is None else engine.tick(state, now, plant)

    return _each(engine, memory, keys, told)


def retire(
    engine: Engine[Any], retiring: Retiring[Any], memory: Memory, sites: Sites, now: datetime
) -> Outcome:
    """Tell all live states which plant files are in force."""
    keys = sorted(memory.stored.keys() | memory.states.keys())
    return _each(engine, memory, keys, lambda state: retiring.retire(state, now, sites))


def _each(
    engine: Engine[Any],
    memory: Memory,
    keys: Sequence[str],
    told: Callable[[Any], Transition[Any]],
) -> Outcome:
    outcome, causes = Outcome(engine.name), memory.causes
    for key in keys:
        state = memory.state_of(key, engine)
        transition = Transition(state) if state.run else told(state)
        if transition.state is not state:
            outcome.draft.states[key] = transition.state
            outcome.outputs += (outgoing(one, causes.of_tick(one)) for one in transition.outputs)
    outcome.rows = outcome.draft.rows(memory, engine)
    return outcome


def outgoing(output: Output, cause: Headers | None = None) -> Outgoing:
    """An output as a record of its topic, with headers that name the event it goes back to."""
    partition = partition_of(output.partition_key.encode(), output.topic.partitions)
    key, value = output.record_key.encode(), encode(output.record)
    return Outgoing(output.topic.name, partition, key, value, cause or {})


def dead_letter(record: Record, engine: str, reason: str, now: datetime) -> Outgoing:
    """The letter that buries this record."""
    return burial.addressed(burial.dead_letter(record, f"process/{engine}", reason, now), record)


def _decode(record: Record) -> Any:
    if not record.key:
        raise UnreadableError("the record has no key")
    topic = BY_NAME[record.topic]
    event = decode(topic, record.value)
    key = partition_key(topic.partition_by, event)
    partition = partition_of(key.encode(), topic.partitions)
    if partition != record.partition:
        raise UnreadableError(f"{key} belongs to partition {partition} of {record.topic}")
    return event


def _placed(event: Any, outcome: Outcome, now: datetime) -> Any:
    """The event; what is said of the future to all of a site or product is taken to be of now.

    There one clock that is ahead would make it later for everything else.
    """
    for kind, name in _TIMES.items():
        if isinstance(event, kind) and getattr(event, name) > now + MOST_AHEAD:
            outcome.ahead += 1
            return event.model_copy(update={name: now})
    return event


def _without_repeats(
    memory: Memory, arrivals: Sequence[Arrival], outcome: Outcome
) -> Iterator[Arrival]:
    """Events that were not applied yet.

    What processors wrote is absolute and has no mark, nor has what its writer never sends again.
    """
    marks = outcome.draft.marks
    for arrival in arrivals:
        event = arrival.event
        if not isinstance(event, Envelope) or event.id.is_sent_once:
            outcome.applied += 1
            yield arrival
            continue
        topic = arrival.record.topic
        key = partition_key(BY_NAME[topic].partition_by, event)
        mark = mark_of(key, topic, event.id)
        last = marks.get(mark, memory.marks.get(mark, -1))
        if event.id.seq <= last:
            outcome.repeats += 1
            continue
        if event.id.seq > last + 1 and not isinstance(event, SIGNS_OF_LIFE):
            outcome.holes += event.id.seq - last - 1
            if hasattr(event, "equipment"):
                yield Arrival(arrival.record, _gap_before(event, event.id.seq - last - 1))
        marks[mark] = event.id.seq
        outcome.applied += 1
        yield arrival


def _gap_before(event: Any, lost: int) -> Gap:
    shared = {name: getattr(event, name) for name in MachineRecord.model_fields}
    return Gap(**shared, start=_BEGINNING, lost=lost, reason="events never arrived")


def _advance(
    engine: Engine[Any],
    memory: Memory,
    state: tuple[str, PlantFile | None],
    arrivals: Sequence[Arrival],
    outcome: Outcome,
    now: datetime,
) -> None:
    key, plant = state
    states = outcome.draft.states
    try:
        known = _published(plant, _version(arrivals[0]))
        current = states[key] if key in states else memory.state_of(key, engine)
        transition = engine.advance(current, [one.event for one in arrivals], known)
    except UnprocessableError as error:
        for record in {id(one.record): one.record for one in arrivals}.values():
            _bury(record, str(error), outcome, now)
        return
    states[key] = transition.state
    if transition.outputs:
        causes = memory.causes.among(arrivals)
        outcome.outputs += (outgoing(one, causes.of(one)) for one in transition.outputs)


def _version(arrival: Arrival) -> str:
    """The plant file that an event is to be understood by; acts of people need none."""
    return str(getattr(arrival.event, "plant_version", ""))


def _published(plant: PlantFile | None, version: str) -> Any:
    if plant is None and version:
        raise UnprocessableError(f"plant file {version} was never published to plant.model.v1")
    return plant


def _bury(record: Record, reason: str, outcome: Outcome, now: datetime) -> None:
    outcome.buried += 1
    outcome.outputs.append(dead_letter(record, outcome.engine, reason, now))
