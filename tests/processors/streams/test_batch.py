"""One micro-batch: what is applied, left out, explained by a gap, or buried."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import BaseModel

from plantstream.runtime.ports import Record
from processors.calendar import PlanCalendar
from processors.dispatch.engine import DispatchEngine
from processors.rules.site import SiteEngine
from processors.streams import batch
from processors.streams.batch import Outcome, unread
from processors.streams.memory import Memory
from schemas.alerts import AlertTransition
from schemas.codec import encode
from schemas.kpi import OeeReport, Quantities, TimeElements
from schemas.lab import Excursion
from schemas.partitioning import partition_of
from schemas.record import ONCE, EventId
from schemas.site import EdgeHeartbeat
from schemas.stops import AndonCall
from schemas.topics import ALERT, KPI, LAB, MACHINE, OPERATOR, SITE
from tests.makers import PATH, Machine
from tests.processors.dispatch import site as dispatch
from tests.processors.streams.doubles import (
    HOME,
    NOW,
    PLANT,
    PLANTS,
    applied,
    letters,
    records,
    ticked,
    told,
)

MARK = (PATH, "edge", "e1", MACHINE.name)


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def memory() -> Memory:
    return Memory()


def test_events_are_applied_in_turn_and_remembered(machine: Machine, memory: Memory):
    outcome = applied(memory, records(machine.alive(0), machine.parts(1, good=3)), PLANTS)

    assert told(memory) == ["heartbeat 0", "parts_counted 1"]
    assert memory.positions == {MACHINE.name: 2}
    assert memory.marks == {MARK: 1}
    assert [one.topic for one in outcome.outputs] == [KPI.name]
    assert (outcome.applied, outcome.repeats, outcome.holes, outcome.buried) == (2, 0, 0, 0)


def test_offsets_below_the_position_are_skipped(machine: Machine, memory: Memory):
    some = records(machine.alive(0), machine.alive(1))
    applied(memory, some, PLANTS)

    assert unread(memory, some) == ([], {})


def test_the_first_record_of_a_partition_is_asked_for(machine: Machine, memory: Memory):
    assert unread(memory, records(machine.alive(0), start=40)) == ([], {MACHINE.name: 0})


@pytest.mark.parametrize(
    ("offsets", "applied", "missing"),
    [
        pytest.param([3], [], {MACHINE.name: 2}, id="between the position and the first record"),
        pytest.param([2, 4], [2], {MACHINE.name: 3}, id="between two records"),
        pytest.param([3, 2, 3], [2, 3], {}, id="and it comes after all"),
    ],
)
def test_what_follows_a_hole_in_the_offsets_is_left_for_later(
    offsets: list[int], applied: list[int], missing: dict[str, int], machine: Machine
):
    memory = Memory(positions={MACHINE.name: 2})
    some = [record for at in offsets for record in records(machine.alive(at), start=at)]

    fresh, lacking = unread(memory, some)

    assert [one.offset for one in fresh] == applied
    assert lacking == missing


def test_marks_of_transactions_are_no_holes(machine: Machine, memory: Memory):
    first, second = records(machine.alive(0), machine.alive(1))
    marked = replace(second, offset=4, empty_before=2, empty_after=1)
    fresh, missing = unread(memory, [replace(first, empty_after=1), marked])
    assert [one.offset for one in fresh] == [0, 4]
    assert not missing
    applied(memory, fresh, PLANTS)
    assert memory.positions == {MACHINE.name: 6}


def test_a_record_is_missing_that_the_marks_do_not_account_for(machine: Machine, memory: Memory):
    first, second = records(machine.alive(0), machine.alive(1))
    marked = replace(second, offset=4, empty_before=1)
    fresh, missing = unread(memory, [replace(first, empty_after=1), marked])
    assert [one.offset for one in fresh] == [0]
    assert missing == {MACHINE.name: 2}


@pytest.mark.parametrize("apart", [False, True], ids=["in one batch", "in two"])
def test_a_repeat_is_dropped_by_its_mark(apart: bool, machine: Machine, memory: Memory):
    event = machine.parts(0, good=3)
    first, second = records(event, event)
    parts = [[first], [second]] if apart else [[first, second]]

    repeats = [applied(memory, part, PLANTS).repeats for part in parts]

    assert sum(repeats) == 1
    assert told(memory) == ["parts_counted 0"]
    assert memory.positions == {MACHINE.name: 2}


def test_a_repeat_out_of_turn_is_dropped_too(machine: Machine, memory: Memory):
    first, second, third = (machine.alive(at) for at in range(3))

    outcome = applied(memory, records(first, second, third, second, first), PLANTS)

    assert outcome.repeats == 2
    assert told(memory) == ["heartbeat 0", "heartbeat 1", "heartbeat 2"]


def test_a_hole_in_the_ids_becomes_a_gap(machine: Machine, memory: Memory):
    first, _, _, last = (machine.alive(at) for at in range(4))

    outcome = applied(memory, records(first, last), PLANTS)

    assert outcome.holes == 2
    assert told(memory) == ["heartbeat 0", "gap of 2", "heartbeat 3"]
    assert memory.marks == {MARK: 3}


def test_ids_that_do_not_begin_at_0_are_a_gap_too(machine: Machine, memory: Memory):
    machine.alive(0)

    applied(memory, records(machine.alive(1)), PLANTS)

    assert told(memory) == ["gap of 1", "heartbeat 1"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"source": "other"}, id="another edge"),
        pytest.param({"epoch": "e2"}, id="a new spool"),
    ],
)
def test_ids_are_counted_apart(change: dict[str, str], machine: Machine, memory: Memory):
    event = machine.alive(0)
    other = event.model_copy(update={"id": event.id.model_copy(update=change)})

    outcome = applied(memory, records(event, other), PLANTS)

    assert (outcome.applied, outcome.repeats) == (2, 0)


def test_an_event_of_an_unknown_plant_file_is_buried(machine: Machine, memory: Memory):
    known, strange = machine.alive(0), machine.alive(1)
    strange = strange.model_copy(update={"plant_version": "never-published"})

    outcome = applied(memory, records(known, strange), PLANTS)

    (letter,) = letters(outcome.outputs)
    assert "never-published was never published" in letter.reason
    assert (letter.topic, letter.partition, letter.offset) == (MACHINE.name, HOME, 1)
    assert told(memory) == ["heartbeat 0"]
    assert memory.positions == {MACHINE.name: 2}
    assert outcome.buried == 1


def test_an_event_in_the_wrong_partition_is_buried(machine: Machine, memory: Memory):
    (record,) = records(machine.alive(0))
    elsewhere = replace(record, partition=(HOME + 1) % MACHINE.partitions)

    (letter,) = letters(applied(memory, [elsewhere], PLANTS).outputs)

    assert letter.reason == f"{PATH} belongs to partition {HOME} of {MACHINE.name}"
    assert memory.marks == {}


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        pytest.param(b"", b"{}", "the record has no key", id="an empty key"),
        pytest.param(None, b"{}", "the record has no key", id="no key"),
        pytest.param(b"k", b"\xff\x00", "no JSON", id="no JSON"),
        pytest.param(b"k", b"[1]", "no JSON object", id="no object"),
        pytest.param(b"k", b'{"type": "moon"}', "unknown type 'moon'", id="an unknown type"),
        pytest.param(b"k", None, "the record has no value", id="no value"),
        pytest.param(
            b"k", b'{"type":"heartbeat","version":2}', "unknown version '2'", id="a newer version"
        ),
    ],
)
def test_what_cannot_be_read_is_buried_and_the_rest_goes_on(
    key: bytes | None, value: bytes | None, reason: str, machine: Machine, memory: Memory
):
    poison = Record(MACHINE.name, HOME, 0, key, value)

    outcome = applied(memory, [poison, *records(machine.alive(0), start=1)], PLANTS)

    (letter,) = letters(outcome.outputs)
    assert letter.reason.startswith(reason)
    assert letter.id == f"{MACHINE.name}/{HOME}/0"
    assert told(memory) == ["heartbeat 0"]


def test_ten_megabytes_of_rubbish_give_a_letter_of_reasonable_size(memory: Memory):
    poison = Record(MACHINE.name, HOME, 0, b"k", b"x" * 10_000_000)

    (outgoing,) = applied(memory, [poison], PLANTS).outputs

    assert outgoing.value is not None
    assert len(outgoing.value) < 100_000
    assert letters([outgoing])[0].size == 10_000_000


def test_states_of_two_runs_are_apart(memory: Memory):
    live, replayed = Machine(), Machine(run="r1", source="player")

    applied(memory, records(live.alive(0), replayed.alive(0)), PLANTS)

    assert told(memory) == ["heartbeat 0"]
    assert told(memory, f"r1|{PATH}") == ["heartbeat 0"]


def test_a_tick_reaches_live_states_only(memory: Memory):
    live, replayed = Machine(), Machine(run="r1", source="player")
    applied(memory, records(live.alive(0), replayed.alive(0)), PLANTS)

    outcome = ticked(memory)
    outcome.draft.keep(memory)

    assert told(memory) == ["heartbeat 0", "tick 07:00:00"]
    assert told(memory, f"r1|{PATH}") == ["heartbeat 0"]


def test_a_tick_waits_for_the_plant_file(machine: Machine, memory: Memory):
    applied(memory, records(machine.alive(0)), PLANTS)

    assert ticked(memory, plants={}).rows == {}


def test_an_output_stands_where_its_readers_look(machine: Machine, memory: Memory):
    event = machine.alive(0)

    (output,) = applied(memory, records(event), PLANTS).outputs

    assert (output.partition, output.key) == (HOME, f"|{PATH} 0".encode())
    assert output.value == encode(event)
    assert PLANT.version in str(output.value)


def of_site(offset: int, record: BaseModel, site: str = "acme/north") -> Record:
    """A record of the topic that gathers a site, as Kafka would give it."""
    partition = partition_of(site.encode(), SITE.partitions)
    return Record(SITE.name, partition, offset, b"key", encode(record), 0)


def a_call(machine: Machine) -> AndonCall:
    return AndonCall(
        plant_version=machine.plant.version,
        equipment=PATH,
        andon="c",
        kind="material",
        priority="low",
        raised_at=NOW,
        raised_by="ana",
    )


def test_what_a_processor_wrote_is_absolute_and_has_no_mark(machine: Machine, memory: Memory):
    outcome, call = Outcome("listener"), a_call(machine)
    fresh = batch.read([of_site(0, call), of_site(1, call)], outcome, NOW)

    batch.apply(SiteEngine(), memory, fresh, PLANTS, outcome, NOW)

    assert (outcome.applied, outcome.repeats, outcome.buried) == (2, 0, 0)
    assert outcome.draft.marks == {}
    assert list(outcome.draft.states) == ["|acme/north"]


def test_facts_of_an_equipment_are_in_the_partition_of_their_site(machine: Machine):
    outcome, right = Outcome("listener"), of_site(0, a_call(machine))
    wrong = replace(right, partition=(right.partition + 1) % SITE.partitions)

    assert len(batch.read([right], outcome, NOW)) == 1
    assert batch.read([wrong], outcome, NOW) == []
    assert "acme/north belongs to partition" in letters(outcome.outputs)[0].reason


def test_heartbeats_of_a_site_have_marks_of_their_site(machine: Machine, memory: Memory):
    beat = EdgeHeartbeat(
        id=machine.alive(0).id,
        plant_version=machine.plant.version,
        source_time=NOW,
        ingest_time=NOW,
        site="acme/north",
        edge="edge",
        spool_records=0,
        spool_bytes=0,
        dropped_records=0,
    )
    later = beat.model_copy(update={"id": beat.id.model_copy(update={"seq": 5})})
    outcome = Outcome("listener")
    fresh = batch.read([of_site(n, one) for n, one in enumerate([beat, beat, later])], outcome, NOW)

    batch.apply(SiteEngine(), memory, fresh, PLANTS, outcome, NOW)

    assert (outcome.applied, outcome.repeats, outcome.holes) == (2, 1, 0)
    assert outcome.draft.marks == {("acme/north", "edge", "e1", SITE.name): 5}


@pytest.mark.parametrize(("ahead_s", "taken_s"), [(5, 5), (3600, 0)])
def test_an_alert_of_the_future_is_taken_to_be_of_now(ahead_s: int, taken_s: int):
    said = AlertTransition(
        plant_version=PLANT.version,
        site="acme/north",
        fingerprint="f",
        starts_at=NOW,
        at=NOW + timedelta(seconds=ahead_s),
        state="firing",
        severity="critical",
        labels={"alertname": "Hot"},
        generator="rule",
    )
    outcome = Outcome("dispatch")

    (arrival,) = batch.read([Record(ALERT.name, 0, 0, b"key", encode(said))], outcome, NOW)

    assert arrival.event.at == NOW + timedelta(seconds=taken_s)
    assert outcome.ahead == (ahead_s != taken_s)


@pytest.mark.parametrize(("ahead_s", "taken_s"), [(-60, -60), (5, 5), (7200, 0)])
def test_so_is_an_hour_of_one_equipment_for_the_figures_of_its_site(
    ahead_s: int, taken_s: int, machine: Machine
):
    end = NOW + timedelta(seconds=ahead_s)
    hour = OeeReport(
        plant_version=PLANT.version,
        equipment=machine.equipment,
        kind="hour",
        window="rolling",
        start=end - timedelta(hours=1),
        end=end,
        final=False,
        time=TimeElements(),
        quantities=Quantities(),
    )
    outcome = Outcome("site")

    (arrival,) = batch.read([of_site(0, hour)], outcome, NOW)

    assert arrival.event.end == NOW + timedelta(seconds=taken_s)
    assert arrival.event.start == hour.start


def test_and_an_excursion_which_keeps_its_name():
    said = Excursion(
        plant_version=PLANT.version,
        site="acme/north",
        product="fast",
        rule="Hot",
        fingerprint="f",
        equipment=PATH,
        concerns=PATH,
        severity="major",
        tag="temperature",
        start=NOW,
        fired_at=NOW,
        at=NOW + timedelta(hours=20),
    )
    partition = partition_of(said.partition_key().encode(), LAB.partitions)
    outcome = Outcome("quality")

    (arrival,) = batch.read([Record(LAB.name, partition, 0, b"key", encode(said))], outcome, NOW)

    assert (arrival.event.at, arrival.event.record_id()) == (NOW, said.record_id())
    assert outcome.ahead == 1


@pytest.mark.parametrize(("epoch", "marks"), [(ONCE, 0), ("e", 50)])
def test_runs_of_commands_leave_nothing_to_be_remembered(memory: Memory, epoch: str, marks: int):
    file, engine, outcome = dispatch.plant(), DispatchEngine(PlanCalendar), Outcome("dispatch")
    partition = partition_of(dispatch.SITE.encode(), OPERATOR.partitions)
    acts = [
        dispatch.acknowledge(number).model_copy(
            update={
                "id": EventId(source="command", epoch=f"{epoch}{number}", seq=0),
                "plant_version": file.version,
            }
        )
        for number in range(50)
    ]
    said = [
        Record(OPERATOR.name, partition, place, b"key", encode(one), 0)
        for place, one in enumerate(acts)
    ]
    now = dispatch.after(60)
    batch.apply(engine, memory, batch.read(said, outcome, now), {file.version: file}, outcome, now)

    assert (outcome.applied, outcome.repeats, outcome.holes, outcome.buried) == (50, 0, 0, 0)
    assert len([row for row in outcome.rows if json.loads(row)[0] == "mark"]) == marks
