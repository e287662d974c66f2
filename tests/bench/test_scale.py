"""What the benchmarks of many machines and two workers tell the engines, and what they refuse."""

import json
from datetime import UTC, datetime

import pytest

from plantstream.commands import bench_scale_plant, bench_two_workers
from plantstream.commands.bench_scale_plant import (
    COLD,
    QUIET_STEPS,
    STEP,
    Machine,
    Site,
    remembered,
)
from plantstream.commands.bench_two_workers import TURNS, Results, backlog, must_be_equal
from plantstream.commands.bench_worker import Seen
from plantstream.runtime.errors import PlantstreamError
from plantstream.runtime.ports import Record
from processors.oee.engine import OeeEngine
from processors.rules.equipment import RulesEngine
from processors.streams.memory import Memory
from schemas.machine import Heartbeat, PartsCounted, StateChanged
from schemas.topics import KPI, MACHINE, OEE_STATE, PARTITIONS, RULES_STATE, TELEMETRY

NOW = datetime(2026, 3, 2, 7, tzinfo=UTC)
LAST_PATH = "bench/two/a/l/m001"


@pytest.fixture(scope="module")
def memories() -> dict[str, dict[int, Memory]]:
    """What a worker would remember of two sites, by topic and partition."""
    rows: dict[str, dict[int, dict[bytes, bytes]]] = {}
    for one in remembered([Site("one", 12), Site("two", 2)], NOW):
        assert one.value is not None
        rows.setdefault(one.topic, {}).setdefault(one.partition, {})[one.key] = one.value
    return {
        topic: {place: Memory.from_rows(found) for place, found in partitions.items()}
        for topic, partitions in rows.items()
    }


@pytest.mark.parametrize(
    ("topic", "engine"), [(OEE_STATE.name, OeeEngine()), (RULES_STATE.name, RulesEngine())]
)
def test_every_machine_has_an_hour_behind_it(memories, topic, engine):
    keys = [key for memory in memories[topic].values() for key in memory.stored]
    place = Machine(LAST_PATH, "").partition

    state = memories[topic][place].state_of(f"|{LAST_PATH}", engine)

    assert len(keys) == 14
    assert state.plant_version == Site("two", 2).plant.version
    assert LAST_PATH in {key[0] for key in memories[topic][place].marks}


def test_the_last_minutes_of_that_hour_counted_no_parts():
    told = list(Machine(LAST_PATH, "v").hour_until(NOW, 0))

    counted = [one.source_time for one in told if isinstance(one, PartsCounted)]
    assert 100 < len(counted) < len(told)
    assert max(counted) < NOW - QUIET_STEPS * STEP
    assert {type(one) for one in told} == {StateChanged, PartsCounted, Heartbeat}


def test_a_machine_goes_on_where_what_is_remembered_ends():
    site = Site("one", 2)
    list(remembered([site], NOW))

    machine = site.machines[1]

    assert machine.counts(NOW).id.seq == 360
    assert machine.measures(NOW, 50, COLD).id.seq == 1


@pytest.mark.parametrize("samples", [1, 50, 500])
def test_a_frame_has_as_many_samples_as_it_is_said_to(samples: int):
    assert Machine(LAST_PATH, "v").measures(NOW, samples).sample_count() == samples


def test_turns_differ_by_the_name_of_the_replay_only(monkeypatch):
    monkeypatch.setattr(bench_two_workers, "INSTANTS", 3)
    (one, _), (other, _), *_ = TURNS
    site = Site("one", 2)

    first, second = backlog(site, one), backlog(site, other)

    assert len(first) == 2 * (3 + 1)
    assert {told.topic for told in first} == {MACHINE.name, TELEMETRY.name}
    assert [str(told).replace(one, other) for told in first] == [str(told) for told in second]


def test_results_that_differ_are_no_figure():
    name = (KPI.name, b"cell")
    one: Results = {name: b"1"}
    nothing: Results = {}
    must_be_equal([one, one])
    for wrong in ([one, {name: b"2"}], [one, nothing], [nothing, one], [nothing]):
        with pytest.raises(PlantstreamError, match=r"differ|no results"):
            must_be_equal(wrong)


def test_parts_are_those_of_the_newest_record_of_each_cell():
    seen = Seen()
    for offset, (key, good) in enumerate([("a", 3), ("b", 2), ("a", 5)]):
        cell = {"type": "oee_cell", "equipment": LAST_PATH, "quantities": {"good": good}}
        seen.take(Record(KPI.name, 0, offset, key.encode(), json.dumps(cell).encode()))
    assert seen.good == {LAST_PATH: 7}


def test_an_alert_is_counted_when_it_begins_to_fire():
    seen, labels = Seen(), {"area": "a", "line": "l", "equipment": "m001"}
    for state in ("pending", "firing", "resolved"):
        alert = {"type": "alert_transition", "state": state, "site": "bench/two", "labels": labels}
        seen.take(Record("plant.alert.v1", 0, 0, b"", json.dumps(alert).encode()))
    assert seen.firing == {LAST_PATH: 1}


def test_beacons_can_stand_in_every_partition():
    assert {one.partition for one in Site("beacons").machines} == set(range(PARTITIONS))
    assert bench_scale_plant.SITE_MACHINES == 100


async def test_processes_that_share_nothing_are_compared_as_well(monkeypatch):
    monkeypatch.setattr(bench_two_workers, "PLAIN_ROUNDS", 2_000)
    assert 0.3 < await bench_two_workers.plain_work() < 3
