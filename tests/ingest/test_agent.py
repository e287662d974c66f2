"""The agent as a whole: from inputs to the broker's log, killed anywhere."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from ingest.agent import TRY_AGAIN_S, Plan, dry_run, run_agent
from ingest.input import Alarm, Alive, Back, Chunk, Input, Observation, Unreadable
from ingest.memory_spool import MemorySpool
from ingest.metrics import SourceMetrics
from ingest.options import AgentOptions
from ingest.ports import Batch, Spool
from ingest.spool import DiskSpool
from ingest.spool_file import Limits
from ingest.urgent import Urgency
from plantstream.runtime.errors import MisconfiguredError, UnavailableError
from plantstream.runtime.ports import Outgoing
from schemas.machine import Gap, Heartbeat, PartsCounted, StateChanged
from schemas.plant.load import PlantFile, load_plant
from schemas.topics import DEADLETTER, MACHINE, MODEL, TELEMETRY
from tests.ingest.kit import (
    NOW,
    OPEN_SOURCE,
    PLANT,
    REACTOR,
    STATION,
    ListInput,
    MemoryBroker,
    at,
    plant,
    sample,
    world,
)

ROWS = 200
CHUNKS: list[list[Observation]] = [
    [
        sample("good", 7 * row, row),
        sample("state", row % 5, row),
        sample("temperature", row / 3, row),
        sample("scrap", row // 2, row, equipment=STATION),
    ]
    for row in range(ROWS)
]


class BrokenInput:
    """An input that needs a person."""

    async def chunks(self, position: str | None) -> AsyncIterator[Chunk]:
        if position is None:
            raise MisconfiguredError("no such server")
        yield Chunk(())


class Killed(BaseException):
    """The process is gone."""


async def played(
    spool: Spool,
    broker: MemoryBroker,
    chunks: Sequence[Sequence[Observation]] = CHUNKS,
    options: AgentOptions | None = None,
    **changes: Any,
) -> CollectorRegistry:
    registry = CollectorRegistry()
    inputs = {"line": ListInput(*chunks)}
    the_world = world(registry=registry, **changes)
    await run_agent(
        (plant(), inputs), spool, broker, options or AgentOptions.replay("trial"), the_world
    )
    return registry


def by_id(broker: MemoryBroker, topic: str) -> dict[tuple[str, str], Any]:
    """The newest record of each id, without what says when it was sent."""
    return {
        (record.equipment, str(record.id)): record.model_copy(
            update={"ingest_time": NOW, "traceparent": None}
        )
        for record in broker.records(topic)
    }


async def test_everything_arrives_and_the_spool_of_a_recording_goes() -> None:
    spool, broker = MemorySpool(), MemoryBroker()

    registry = await played(spool, broker)

    counted = [one for one in broker.records(MACHINE.name) if isinstance(one, PartsCounted)]
    assert sum(one.good for one in counted) == 7 * (ROWS - 1)
    assert sum(one.scrap for one in counted) == (ROWS - 1) // 4
    assert {one.run for one in counted} == {"trial"}
    assert sum(one.sample_count() for one in broker.records(TELEMETRY.name)) == 4 * ROWS
    assert spool.deleted
    value = registry.get_sample_value
    assert value("plantstream_edge_samples_total", {"input": "line"}) == 4 * ROWS
    assert value("plantstream_edge_events_total", {"type": "state_changed"}) == ROWS
    assert value("plantstream_unacknowledged") == 0


async def test_the_plant_file_comes_first() -> None:
    broker = MemoryBroker()

    await played(MemorySpool(), broker)

    (published,) = broker.records(MODEL.name)
    assert broker.log[0].topic == MODEL.name
    assert (broker.log[0].partition, broker.log[0].key) == (
        0,
        f"acme/town/{plant().version}".encode(),
    )
    assert published.text == plant().text


async def test_a_repeat_gives_the_same_records_under_the_same_ids() -> None:
    first, second = MemoryBroker(), MemoryBroker()

    await played(MemorySpool(), first)
    await played(MemorySpool(), second, [[seen for chunk in CHUNKS for seen in chunk]])

    for topic in (MACHINE.name, TELEMETRY.name):
        assert by_id(first, topic) == by_id(second, topic)


@pytest.fixture(scope="module")
def undisturbed() -> MemoryBroker:
    broker = MemoryBroker()
    asyncio.run(played(MemorySpool(), broker))
    return broker


@pytest.mark.parametrize("seed", range(20))
async def test_killed_anywhere_no_number_is_lost_and_no_id_changes_its_meaning(
    seed: int, undisturbed: MemoryBroker
) -> None:
    chance = random.Random(seed)
    spool, broker = MemorySpool(), MemoryBroker()

    def trouble(records: Sequence[Outgoing]) -> None:
        fate = chance.random()
        if fate < 0.05:
            broker.log += records[: chance.randrange(len(records) + 1)]
            raise UnavailableError("gone") if fate < 0.03 else Killed

    broker.trouble = trouble
    kills = 0
    while True:
        running = asyncio.create_task(_until_killed(spool, broker, chance))
        if await running:
            break
        kills += 1
        spool = spool.reopened()

    assert kills
    for topic in (MACHINE.name, TELEMETRY.name):
        found = by_id(broker, topic)
        assert found == by_id(undisturbed, topic)
        records = broker.records(topic)
        assert len({(one.equipment, str(one.id)) for one in records}) == len(found)
        for one in records:
            same = one.model_copy(update={"ingest_time": NOW, "traceparent": None})
            assert same == found[one.equipment, str(one.id)]


async def _until_killed(spool: MemorySpool, broker: MemoryBroker, chance: random.Random) -> bool:
    """Whether it came to its end."""
    running = asyncio.create_task(played(spool, broker))
    for _ in range(chance.randrange(250)):
        if running.done():
            break
        await asyncio.sleep(0)
    running.cancel()
    try:
        await running
    except (Killed, asyncio.CancelledError):
        return False
    except BaseExceptionGroup as group:
        if group.split(Killed)[0] is None:
            raise
        return False
    return True


class FailsOnce:
    """An input that fails after its first chunk, and goes on when it is asked again."""

    def __init__(self, failure: Exception) -> None:
        self._failures = [failure]

    async def chunks(self, position: str | None) -> AsyncIterator[Chunk]:
        del position
        yield Chunk((sample("state", 6, 0 if self._failures else 60),))
        if self._failures:
            raise self._failures.pop()


@pytest.mark.parametrize("failure", [MisconfiguredError("no such server"), ZeroDivisionError()])
async def test_a_failing_input_stops_no_other_and_tells_what_it_missed(failure: Exception) -> None:
    text = PLANT.replace("id: reactor,", "id: reactor, source: line,")
    text = text.replace("- {name: ", '- {node: "s={id}", name: ')
    text = text.replace("equipment_classes:", f"{OPEN_SOURCE}equipment_classes:")
    sources, broker = SourceMetrics(CollectorRegistry()), MemoryBroker()
    inputs: dict[str, Input] = {
        "line": FailsOnce(failure),
        "other": ListInput([sample("good", 1, equipment=STATION)]),
    }
    slept: list[float] = []

    async def sleep(delay_s: float) -> None:
        slept.append(delay_s)
        await asyncio.sleep(0)

    the_world = world(sources=sources, sleep=sleep)
    await run_agent(
        (load_plant(text, "plant.yaml"), inputs),
        MemorySpool(),
        broker,
        AgentOptions.live(),
        the_world,
    )

    kinds = [type(one).__name__ for one in broker.records(MACHINE.name)]
    assert kinds == ["StateChanged", "Gap", "StateChanged"]
    assert sum(one.sample_count() for one in broker.records(TELEMETRY.name)) == 3
    assert slept == [TRY_AGAIN_S]
    assert sources.of("line").trouble


class Troubled:
    """Fails, says nothing, fails and works in turn; each time it is asked is one attempt."""

    def __init__(self, *attempts: Sequence[Observation] | Exception) -> None:
        self._attempts = list(attempts)

    async def chunks(self, position: str | None) -> AsyncIterator[Chunk]:
        del position
        while self._attempts:
            attempt = self._attempts.pop(0)
            if isinstance(attempt, Exception):
                raise attempt
            yield Chunk(tuple(attempt))


def at_line() -> PlantFile:
    """The reactor at `line`, the station nowhere."""
    text = PLANT.replace("id: reactor,", "id: reactor, source: line,")
    text = text.replace("- {name: ", '- {node: "s={id}", name: ')
    return load_plant(text.replace("equipment_classes:", f"{OPEN_SOURCE}equipment_classes:"), "p")


def at_line_and_meter() -> PlantFile:
    """The reactor at `line`, but for its temperature."""
    text = at_line().text.replace("name: temperature", "source: meter, name: temperature")
    return load_plant(
        text.replace(
            "sources:\n",
            "sources:\n  meter: {type: opcua, endpoint: "
            '"opc.tcp://localhost:4841", security: {policy: "None", mode: "None"}}\n',
        ),
        "p",
    )


class Time:
    """A clock that goes on when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return at(self.seconds)

    async def sleep(self, delay_s: float) -> None:
        self.seconds += delay_s
        await asyncio.sleep(0)


async def test_an_outage_is_one_gap_from_the_last_value_to_the_return_however_often_it_failed() -> (
    None
):
    time, broker, trouble = Time(), MemoryBroker(), OSError("gone")
    line = Troubled(
        [sample("state", 6, 0)], trouble, trouble, trouble, [], trouble, [sample("state", 6, 150)]
    )  # fmt: skip
    the_world = world(now=time.now, sleep=time.sleep)

    await run_agent((at_line(), {"line": line}), MemorySpool(), broker, world=the_world)

    first, gap, again = broker.records(MACHINE.name)
    assert (gap.start, gap.source_time) == (NOW, at(120))
    assert gap.reason == "the input line failed"
    assert isinstance(first, StateChanged)
    assert isinstance(again, StateChanged)


async def test_a_meter_that_answers_is_no_sign_of_life_of_a_machine_whose_controller_does_not() -> (
    None
):
    broker, file = MemoryBroker(), at_line_and_meter()
    line = Troubled([sample("state", 6), Alive(REACTOR, at(1))])
    meter = Troubled([sample("temperature", 20.0, 60), Alive(REACTOR, at(60))])

    await run_agent((file, {"line": line, "meter": meter}), MemorySpool(), broker, world=world())
    told = [one.source_time for one in broker.records(MACHINE.name) if isinstance(one, Heartbeat)]
    first = {"line": ListInput([sample("state", 6), Alive(REACTOR, at(1))])}
    second = {"meter": ListInput([Alive(REACTOR, at(60))])}
    previewed = [one async for one in dry_run(file, first | second, world=world())]

    assert told == [at(1)]
    assert [one.source_time for one in previewed if isinstance(one, Heartbeat)] == [at(1)]


async def test_each_outage_is_told() -> None:
    time, broker, trouble = Time(), MemoryBroker(), OSError("gone")
    line = Troubled(
        [sample("good", 1, 0)], trouble, [sample("good", 1, 30)], trouble, [sample("good", 1, 60)]
    )
    the_world = world(now=time.now, sleep=time.sleep)

    await run_agent((at_line(), {"line": line}), MemorySpool(), broker, world=the_world)

    found = [(one.start, one.source_time) for one in broker.records(MACHINE.name)]
    assert found == [(NOW, at(30)), (at(30), at(60))]


async def test_an_outage_that_outlives_the_edge_is_told_from_where_it_began() -> None:
    time, spool, broker = Time(), MemorySpool(), MemoryBroker()
    line = Troubled([sample("state", 6)], *[OSError("gone")] * 1000)
    the_world = world(now=time.now, sleep=time.sleep)
    running = asyncio.create_task(
        run_agent((at_line(), {"line": line}), spool, broker, world=the_world)
    )
    await until(lambda: time.seconds >= 3 * TRY_AGAIN_S)
    running.cancel()
    await asyncio.wait({running})

    time.seconds = 3600
    line = Troubled([sample("state", 6, 3600)])
    the_world = world(now=time.now, sleep=time.sleep)
    await run_agent((at_line(), {"line": line}), spool.reopened(), broker, world=the_world)

    (gap,) = [one for one in broker.records(MACHINE.name) if isinstance(one, Gap)]
    assert (gap.start, gap.source_time) == (NOW, at(3600))


@pytest.mark.parametrize("whole", [True, False])
async def test_after_a_restart_only_a_source_that_kept_everything_leaves_no_gap(
    whole: bool,
) -> None:
    time, spool, broker = Time(), MemorySpool(), MemoryBroker()
    first = Troubled([sample("state", 6)])
    await run_agent(
        (at_line(), {"line": first}), spool, broker, world=world(now=time.now, sleep=time.sleep)
    )

    time.seconds = 300
    kept: list[Any] = [Back(REACTOR, at(300), whole=whole), sample("state", 6, 100)]
    second = Troubled(kept)
    await run_agent(
        (at_line(), {"line": second}),
        spool.reopened(),
        broker,
        world=world(now=time.now, sleep=time.sleep),
    )

    found = [(one.start, one.source_time) for one in broker.records(MACHINE.name)[1:2]]
    assert found == ([] if whole else [(NOW, at(300))])


async def test_after_a_restart_a_live_edge_says_what_it_did_not_see() -> None:
    spool, broker = MemorySpool(), MemoryBroker()
    live = AgentOptions.live()
    await played(spool, broker, [[sample("state", 6), sample("good", 10)]], live)

    later = NOW + timedelta(minutes=5)
    chunk = [sample("state", 6, 301), sample("good", 15, 301)]
    # A position of 0 makes the list begin again, as a server does.
    await spool.append(Batch(positions={"line": "0"}))
    await played(spool.reopened(), broker, [chunk], live, now=lambda: later)

    _, gap, state, counted = broker.records(MACHINE.name)
    assert isinstance(gap, Gap)
    assert (gap.start, gap.source_time, gap.reason) == (NOW, later, "the edge was down")
    assert isinstance(state, StateChanged)
    assert counted.good == 5


async def test_what_cannot_be_read_is_buried_with_its_place_and_the_rest_goes_on() -> None:
    broker = MemoryBroker()
    chunk: list[Observation] = [
        Unreadable("rec.csv", 7, b"\xff;1", "not UTF-8"),
        sample("state", 6),
    ]

    registry = await played(MemorySpool(), broker, [chunk])

    (letter,) = broker.records(DEADLETTER.name)
    assert (letter.file, letter.line, letter.value, letter.reason) == (
        "rec.csv", 7, b"\xff;1", "not UTF-8",
    )  # fmt: skip
    assert letter.id == "edge/epoch/0"
    assert len(broker.records(MACHINE.name)) == 1
    unreadable = registry.get_sample_value("plantstream_edge_unreadable_total", {"input": "line"})
    assert unreadable == 1


async def test_wrong_samples_are_counted_by_reason() -> None:
    chunk = [
        sample("temperature", float("nan")),
        sample("temperature", "hot", 1),
        sample("good", "x"),
    ]

    registry = await played(MemorySpool(), MemoryBroker(), [chunk])

    found = {
        reason: registry.get_sample_value("plantstream_edge_problems_total", {"reason": reason})
        for reason in ("wrong_value", "counter_not_a_number")
    }
    assert found == {"wrong_value": 2, "counter_not_a_number": 1}


async def test_a_full_disk_is_waited_for() -> None:
    class FullSpool(MemorySpool):
        attempts = 0

        async def append(self, batch: Batch) -> None:
            self.attempts += 1
            if self.attempts % 3:
                raise UnavailableError("disk full")
            await super().append(batch)

    broker, expected = MemoryBroker(), MemoryBroker()
    await played(FullSpool(), broker, CHUNKS[:20])
    await played(MemorySpool(), expected, CHUNKS[:20])

    assert by_id(broker, MACHINE.name) == by_id(expected, MACHINE.name)


async def test_a_recording_that_needs_a_person_ends_the_agent_with_its_sentence() -> None:
    inputs: Mapping[str, Input] = {"broken": BrokenInput(), "line": ListInput(*CHUNKS)}

    options = AgentOptions.replay("trial")
    with pytest.raises(MisconfiguredError, match="no such server"):
        await run_agent((plant(), inputs), MemorySpool(), MemoryBroker(), options, world())


class Endless:
    """Says something once, and then lives."""

    def __init__(self, *seen: Observation) -> None:
        self._seen = seen
        self.started = 0

    async def chunks(self, position: str | None) -> AsyncIterator[Chunk]:
        del position
        self.started += 1
        yield Chunk(self._seen)
        await asyncio.Event().wait()


def two_sources(running_above: int) -> PlantFile:
    """The reactor at `line`, the station at `other`."""
    text = PLANT.replace("id: reactor,", "id: reactor, source: line,")
    text = text.replace("id: station", "id: station\n    source: other")
    text = text.replace("- {name: ", '- {node: "s={id}", name: ')
    both = OPEN_SOURCE + OPEN_SOURCE.replace("\nsources:\n", "").replace("line:", "other:")
    text = text.replace("equipment_classes:", f"{both}equipment_classes:")
    changed = text.replace("running_above: 10", f"running_above: {running_above}")
    return load_plant(changed, "plant.yaml")


async def test_a_new_plant_file_disturbs_only_the_inputs_that_it_changes() -> None:
    line = Endless(sample("state", 6))
    stations = [Endless(sample("state", 7.0, equipment=STATION)) for _ in range(2)]
    broker, changed = MemoryBroker(), asyncio.Event()

    async def changes() -> AsyncIterator[Plan]:
        await changed.wait()
        yield two_sources(5), {"line": Endless(), "other": stations[1]}

    plan = two_sources(10), {"line": line, "other": stations[0]}
    running = asyncio.create_task(
        run_agent(plan, MemorySpool(), broker, world=world(), changes=changes())
    )
    await until(lambda: len(broker.records(MACHINE.name)) == 2)
    changed.set()
    await until(lambda: len(broker.records(MACHINE.name)) == 4)
    running.cancel()

    states = [one for one in broker.records(MACHINE.name) if one.equipment == STATION]
    assert [type(one).__name__ for one in states] == ["StateChanged", "Gap", "StateChanged"]
    assert [str(one.category) for one in states if isinstance(one, StateChanged)] == [
        "delay",
        "running",
    ]
    assert states[1].reason == "the plant file changed"
    assert states[0].plant_version != states[2].plant_version
    assert (line.started, stations[0].started, stations[1].started) == (1, 1, 1)
    assert not broker.records(MODEL.name), "who applied it has published it"


HOT = "alert_rules: [{alert: H, when: {tag: temperature, above: 30}, severity: info, summary: h}]"


async def test_rules_of_a_new_plant_file_hold_for_inputs_that_stay() -> None:
    urgency, line = Urgency(), Endless(sample("state", 6))
    hot = sample("temperature", 31)
    ruled = load_plant(f"{two_sources(10).text}\n{HOT}", "plant.yaml")
    found: list[bool] = []

    async def changes() -> AsyncIterator[Plan]:
        await until(lambda: bool(line.started))
        found.append(bool(urgency.among([hot], 0)))
        yield ruled, {"line": Endless(), "other": Endless()}
        found.append(bool(urgency.among([hot], 0)))

    plan = two_sources(10), {"line": line, "other": Endless()}
    the_world = world(urgency=urgency)
    running = asyncio.create_task(
        run_agent(plan, MemorySpool(), MemoryBroker(), world=the_world, changes=changes())
    )
    await until(lambda: len(found) == 2)
    running.cancel()

    assert found == [False, True]


async def test_alert_rules_cut_no_frame_of_a_recording() -> None:
    def frames(broker: MemoryBroker) -> list[dict[str, Any]]:
        plain = (one.model_dump() for one in broker.records(TELEMETRY.name))
        return [{**one, "plant_version": "", "traceparent": ""} for one in plain]

    ruled, found = load_plant(f"{PLANT}\n{HOT}", "plant.yaml"), []
    for file in (plant(), ruled):
        broker, inputs = MemoryBroker(), {"line": ListInput(*CHUNKS)}
        spool = MemorySpool()
        await run_agent((file, inputs), spool, broker, AgentOptions.replay("r"), world())
        found.append(frames(broker))

    assert found[0] == found[1]
    assert found[0]


async def test_a_source_that_left_the_plant_file_is_no_longer_spoken_of() -> None:
    registry, changed = CollectorRegistry(), asyncio.Event()
    sources, broker = SourceMetrics(registry), MemoryBroker()
    stays = Endless(sample("state", 6))

    async def changes() -> AsyncIterator[Plan]:
        await changed.wait()
        yield two_sources(5), {"line": stays}

    plan = two_sources(10), {"line": stays, "other": Endless(sample("state", 7, equipment=STATION))}
    the_world = world(sources=sources, registry=registry)
    running = asyncio.create_task(
        run_agent(plan, MemorySpool(), broker, world=the_world, changes=changes())
    )
    await until(lambda: len(broker.records(MACHINE.name)) == 2)
    sources.of("other").connected()
    changed.set()
    await until(lambda: len(broker.records(MACHINE.name)) == 3)
    await until(lambda: list(sources.all()) == ["line"])
    running.cancel()

    gone = {"source": "other"}
    assert registry.get_sample_value("plantstream_source_connected", gone) is None
    assert registry.get_sample_value("plantstream_source_troubled", gone) is None


async def test_a_source_that_is_read_anew_is_connected_once_it_answers() -> None:
    registry, changed = CollectorRegistry(), asyncio.Event()
    sources, broker, stays = SourceMetrics(registry), MemoryBroker(), Endless()
    successor = Endless()

    async def changes() -> AsyncIterator[Plan]:
        await changed.wait()
        yield two_sources(5), {"line": stays, "other": successor}

    plan = two_sources(10), {"line": stays, "other": Endless()}
    the_world = world(sources=sources, registry=registry)
    running = asyncio.create_task(
        run_agent(plan, MemorySpool(), broker, world=the_world, changes=changes())
    )
    await until(lambda: stays.started == 1)
    for name in ("line", "other"):
        sources.of(name).connected()
    changed.set()
    await until(lambda: successor.started == 1)
    running.cancel()

    assert [sources.of(name).is_connected for name in ("line", "other")] == [True, False]


class Slow(MemorySpool):
    """A spool whose disk is slow for the first chunk of an input."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.may_end = asyncio.Event(), asyncio.Event()

    async def append(self, batch: Batch) -> None:
        if batch.positions.get("other") == "1":
            self.begun.set()
            await self.may_end.wait()
        await super().append(batch)


class Numbered:
    """Numbers its chunks from its position on."""

    def __init__(self, last: int) -> None:
        self._last = last
        self.first: int | None = None

    async def chunks(self, position: str | None) -> AsyncIterator[Chunk]:
        self.first = int(position or 0) + 1
        for number in range(self.first, self._last + 1):
            yield Chunk((sample("good", 10 * number, number, equipment=STATION),), str(number))
        await asyncio.Event().wait()


async def test_the_successor_of_an_input_goes_on_behind_what_was_being_stored() -> None:
    spool, broker, changed = Slow(), MemoryBroker(), asyncio.Event()
    first, second = Numbered(1), Numbered(2)

    async def changes() -> AsyncIterator[Plan]:
        await changed.wait()
        yield two_sources(5), {"other": second}

    plan = two_sources(10), {"other": first}
    running = asyncio.create_task(run_agent(plan, spool, broker, world=world(), changes=changes()))
    await spool.begun.wait()
    changed.set()
    for _ in range(20):
        await asyncio.sleep(0)
    spool.may_end.set()
    await until(lambda: spool.positions.get("other") == "2")
    running.cancel()

    assert second.first == 2


async def test_text_that_is_no_unicode_is_told_as_far_as_it_can_be() -> None:
    """The name of a file from another system, say, or a half character in a JSON message."""
    alarm = Alarm(REACTOR, "c\udce9", "n\ud800", "o", "o", 1, "m", True, False, True, NOW)
    chunk: list[Observation] = [
        Unreadable("caf\udce9.csv", 7, b"x", "no such batch: \ud800"),
        alarm,
    ]
    broker = MemoryBroker()

    await played(MemorySpool(), broker, [chunk])

    (letter,) = broker.records(DEADLETTER.name)
    assert (letter.file, letter.reason) == ("caf?.csv", "no such batch: ?")
    (changed,) = broker.records(MACHINE.name)
    assert (changed.condition, changed.name) == ("c?", "n?")


async def test_a_spool_that_needs_a_person_ends_the_agent_and_is_no_trouble_of_a_source() -> None:
    class Damaged(MemorySpool):
        async def append(self, batch: Batch) -> None:
            if batch.positions:
                raise MisconfiguredError("the spool is damaged")
            await super().append(batch)

    sources = SourceMetrics(CollectorRegistry())
    inputs = {"line": ListInput([sample("state", 6)])}
    with pytest.raises(MisconfiguredError, match="the spool is damaged"):
        async with asyncio.timeout(10):
            await run_agent(
                (plant(), inputs), Damaged(), MemoryBroker(), world=world(sources=sources)
            )

    assert sources.of("line").trouble is None


class Stubborn:
    """An input whose cleaning up fails, or that does not hear the first time it is cancelled."""

    def __init__(self, error: Exception | None) -> None:
        self._error = error

    async def chunks(self, position: str | None) -> AsyncIterator[Chunk]:
        del position
        yield Chunk((sample("state", 7.0, equipment=STATION),))
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if self._error is not None:
                raise self._error from None
        await asyncio.Event().wait()


@pytest.mark.parametrize("error", [OSError("the port is stuck"), None])
async def test_an_input_that_resists_being_stopped_holds_no_plant_file_up(
    error: Exception | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.stopping.STOP_AGAIN_S", 0.05)
    broker, changed, follower = MemoryBroker(), asyncio.Event(), Numbered(1)

    async def changes() -> AsyncIterator[Plan]:
        await changed.wait()
        yield two_sources(5), {"other": follower}

    plan = two_sources(10), {"other": Stubborn(error)}
    running = asyncio.create_task(
        run_agent(plan, MemorySpool(), broker, world=world(), changes=changes())
    )
    await until(lambda: len(broker.records(MACHINE.name)) == 1)
    changed.set()
    await until(lambda: follower.first is not None)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the log has no event
            await asyncio.sleep(0)


async def test_two_inputs_share_the_spool_and_keep_their_positions() -> None:
    spool, broker = MemorySpool(), MemoryBroker()
    reactor = [[one for one in chunk if one.equipment == REACTOR] for chunk in CHUNKS]  # type: ignore[union-attr]
    station = [[one for one in chunk if one.equipment == STATION] for chunk in CHUNKS[:7]]  # type: ignore[union-attr]
    inputs = {"a": ListInput(*reactor), "b": ListInput(*station)}

    await run_agent((plant(), inputs), spool, broker, world=world())

    assert spool.positions == {"a": str(ROWS), "b": "7"}
    assert sum(getattr(one, "good", 0) for one in broker.records(MACHINE.name)) == 7 * (ROWS - 1)


async def test_a_recording_waits_for_a_broker_that_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ingest.agent.BACKLOG_BYTES", 20_000)
    spool, largest = MemorySpool(), 0

    def slow(_: Sequence[Outgoing]) -> None:
        nonlocal largest
        largest = max(largest, spool.size_bytes)
        if broker.calls % 40:
            raise UnavailableError("away")

    broker = MemoryBroker(slow)

    await played(spool, broker)

    assert sum(getattr(one, "good", 0) for one in broker.records(MACHINE.name)) == 7 * (ROWS - 1)
    assert largest < 30_000


async def test_a_dry_run_gives_typed_records_without_spool_and_broker() -> None:
    inputs = {"line": ListInput(*CHUNKS[:3]), "other": ListInput([])}

    found = [one async for one in dry_run(plant(), inputs, AgentOptions.replay(""), world())]

    assert [type(one).__name__ for one in found].count("StateChanged") == 3
    assert [type(one).__name__ for one in found][-2:] == ["TelemetryFrame", "TelemetryFrame"]


async def test_a_dry_run_can_be_left_early() -> None:
    async with aclosing(dry_run(plant(), {"line": ListInput(*CHUNKS)}, world=world())) as stream:
        assert isinstance(await anext(stream), StateChanged)


async def test_signs_of_life_reach_the_broker() -> None:
    broker = MemoryBroker()
    await played(MemorySpool(), broker, [[Alive(REACTOR, at(3))]], AgentOptions.live())

    (found,) = broker.records(MACHINE.name)
    assert isinstance(found, Heartbeat)


async def test_what_a_full_spool_dropped_becomes_a_gap_of_its_equipment(tmp_path: Path) -> None:
    def away(_: Sequence[Outgoing]) -> None:
        if spool.dropped < 20:
            raise UnavailableError("away")

    broker, registries = MemoryBroker(away), []
    # The second start explains what was dropped at the end of the first.
    for _ in range(2):
        spool = DiskSpool.open(tmp_path / "spool.db", "edge", lambda: NOW, limits=Limits(40_000))
        registries.append(await played(spool, broker, options=AgentOptions.live()))
        await spool.close()
        broker.trouble = None

    events = [one for one in broker.records(MACHINE.name) if one.equipment == REACTOR]
    missing = set(range(events[-1].id.seq)) - {one.id.seq for one in events}
    found = [one for one in events if isinstance(one, Gap)]
    dropped = registries[0].get_sample_value("plantstream_edge_spool_dropped_total")
    assert missing
    assert found
    assert all(one.start <= one.source_time for one in found)
    assert dropped is not None
    assert dropped >= len(missing)
    lost = [one for one in found if one.reason.startswith("spool full")]
    assert sum(int(one.reason.split()[2]) for one in lost) == len(missing)


async def test_a_damaged_spool_is_said_to_everybody(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    await asyncio.to_thread(path.write_bytes, b"no database at all" * 1000)
    spool = DiskSpool.open(path, "edge", lambda: NOW)
    broker = MemoryBroker()

    await played(spool, broker, [], AgentOptions.live())
    await spool.close()

    assert [(one.equipment, one.reason) for one in broker.records(MACHINE.name)] == [
        (REACTOR, "the edge's spool was damaged"),
        (STATION, "the edge's spool was damaged"),
    ]


async def test_a_finished_recording_leaves_no_file(tmp_path: Path) -> None:
    spool = DiskSpool.open(tmp_path / "spool.db", "edge", lambda: NOW, epoch="abc")

    await played(spool, MemoryBroker())

    assert await asyncio.to_thread(lambda: list(tmp_path.iterdir())) == []
