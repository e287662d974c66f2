"""What an event and a tick cost the OEE engine, beside a plain accumulator on the same events."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING

from plantstream.commands.bench_figure import Figure, Needs
from plantstream.commands.console import messages

if TYPE_CHECKING:
    from processors.oee.state import OeeState
    from schemas.machine import MachineEvent
    from schemas.plant.load import PlantFile

NEEDS = Needs.NOTHING
EVENTS = 6_000
ROUNDS = 3
TICKS = 20_000
AT_ONCE = 100
"""Events of one machine in a micro-batch, for the figure that is printed only."""
BEGIN = datetime(2026, 3, 2, 6, tzinfo=UTC)
PATH = "bench/hall/a/l/machine"
_PLANT = """
enterprise: bench
site: hall
name: Benchmark
time_zone: UTC
calendars:
  always: {shifts: [{name: day, days: all, start: "00:00", end: "24:00"}]}
reasons:
  jam: {name: Jam}
  setting: {name: Setting, category: setup}
equipment:
  - id: machine
    area: a
    line: l
    calendar: always
    minor_stop_s: 20
    min_run_s: 2
    unknown_after_s: 60
    startup_s: 120
    rules:
      - {when: changeover, category: setup, reason: setting}
products:
  - {id: fast, ideal_cycle_s: 0.5}
  - {id: slow, ideal_cycle_s: 2}
"""


async def measure(data_dir: Path) -> list[Figure]:
    """The engine and the accumulator by turns; the best round of each counts."""
    del data_dir
    told = events(EVENTS)
    steps, batches, plain = [], [], []
    for _ in range(ROUNDS):
        steps.append(_per_event(lambda: stepped(told, 1)))
        batches.append(_per_event(lambda: stepped(told, AT_ONCE)))
        plain.append(_per_event(lambda: accumulated(told)))
    tick = min(_ticked(told) for _ in range(ROUNDS))
    reference = min(plain)
    messages.print(
        f"µs an event: {min(steps):.1f} by the engine one by one, {min(batches):.1f} by "
        f"{AT_ONCE}, {reference:.2f} by a plain accumulator; {tick:.2f} µs a tick without due work"
    )
    return [
        Figure("oee_step_ratio", min(steps) / reference, 1.0),
        Figure("oee_tick_ratio", tick / reference, 1.0),
    ]


def plant_file() -> "PlantFile":
    """One machine with all that the engine can be asked for."""
    from schemas.plant.load import load_plant

    return load_plant(_PLANT, "bench.yaml")


def events(number: int) -> "Sequence[MachineEvent]":
    """So many events, three seconds apart: counts, heartbeats, short and long stops, batches."""
    from pydantic import TypeAdapter

    from schemas.machine import MachineEvent

    read = TypeAdapter[MachineEvent](MachineEvent).validate_python
    version = plant_file().version
    found = []
    for seq in range(number):
        at = BEGIN + seq * timedelta(seconds=3)
        common = {"plant_version": version, "equipment": PATH, "source_time": at, "ingest_time": at}
        found.append(read({"id": _id(seq), **common, **_said(seq)}))
    return found


def _id(seq: int) -> dict[str, object]:
    return {"source": "bench", "epoch": "e", "seq": seq}


def _said(seq: int) -> dict[str, object]:
    """What the event says: half an hour that repeats, with another product each time."""
    now_and_then: dict[int, dict[str, object]] = {
        0: {"type": "batch_started", "batch": f"b{seq}"},
        1: {"type": "product_changed", "product": ("fast", "slow")[seq // 600 % 2]},
        2: {"type": "state_changed", "category": "running"},
        300: {"type": "state_changed", "category": "setup", "state": "S"},
    }
    often: dict[int, dict[str, object]] = {
        15: {"type": "state_changed", "category": "unplanned_stop", "state": "E", "reason": "jam"},
        18: {"type": "state_changed", "category": "running"},
        **{place: {"type": "heartbeat"} for place in (5, 10, 25)},
    }
    count = {"type": "parts_counted", "good": 3, "scrap": seq % 7 // 6}
    return now_and_then.get(seq % 600) or often.get(seq % 30) or count


def stepped(told: "Sequence[MachineEvent]", at_once: int) -> "OeeState":
    """The engine's state after these events."""
    from processors.oee.engine import OeeEngine

    engine, plant = OeeEngine(), plant_file()
    state = engine.load(f"|{PATH}", {})
    for start in range(0, len(told), at_once):
        state = engine.advance(state, told[start : start + at_once], plant).state
    return state


def accumulated(told: "Sequence[MachineEvent]") -> dict[tuple[str | None, str], int]:
    """Milliseconds per batch and category, and counts, as a few lines would have them."""
    from schemas.machine import BatchStarted, PartsCounted, StateChanged

    sums: dict[tuple[str | None, str], int] = {}
    batch, category, since = None, "unknown", told[0].source_time
    for event in told:
        at = event.source_time
        spent = (batch, category)
        sums[spent] = sums.get(spent, 0) + (at - since) // timedelta(milliseconds=1)
        since = at
        if isinstance(event, PartsCounted):
            sums[batch, "good"] = sums.get((batch, "good"), 0) + event.good
            sums[batch, "scrap"] = sums.get((batch, "scrap"), 0) + event.scrap
        elif isinstance(event, StateChanged):
            category = event.category
        elif isinstance(event, BatchStarted):
            batch = event.batch
    return sums


def _ticked(told: "Sequence[MachineEvent]") -> float:
    """Microseconds of processor time for a tick that finds nothing to do."""
    from processors.oee.engine import OeeEngine

    engine, plant = OeeEngine(), plant_file()
    state = stepped(told, AT_ONCE)
    now = told[-1].source_time + timedelta(seconds=1)
    started = process_time()
    for _ in range(TICKS):
        state = engine.tick(state, now, plant).state
    return (process_time() - started) / TICKS * 1e6


def _per_event(work: Callable[[], object]) -> float:
    """Microseconds of processor time for each event."""
    started = process_time()
    work()
    return (process_time() - started) / EVENTS * 1e6
