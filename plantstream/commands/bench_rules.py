"""What frames cost the rules, of which no tag is in a rule: beside a bare decode of the frame."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING

from plantstream.commands.bench_figure import Figure, Needs
from plantstream.commands.console import messages

if TYPE_CHECKING:
    from schemas.plant.load import PlantFile
    from schemas.telemetry import TelemetryFrame

NEEDS = Needs.NOTHING
FRAMES = 2_000
ROUNDS = 5
TAGS, SAMPLES = 50, 10
"""Columns of a frame, and samples in each of them."""
BEGIN = datetime(2026, 3, 2, 6, tzinfo=UTC)
PATH = "bench/hall/a/l/machine"
_PLANT = """
enterprise: bench
site: hall
name: Benchmark
time_zone: UTC
calendars:
  always: {shifts: [{name: day, days: all, start: "00:00", end: "24:00"}]}
sources:
  plc: {type: opcua, endpoint: "opc.tcp://127.0.0.1:4840", security: {policy: None, mode: None}}
equipment:
  - id: machine
    area: a
    line: l
    calendar: always
    source: plc
    tags:
      - {name: watched, node: "ns=2;s=W", unit: °C}
alert_rules:
  - {alert: Hot, when: {tag: watched, above: 80}, for: 1m, severity: warning, summary: hot}
  - {alert: Hotter, when: {tag: watched, above: 95}, severity: critical, summary: hotter}
  - {alert: Called, when: {andon: [critical]}, severity: critical, summary: called}
"""


async def measure(data_dir: Path) -> list[Figure]:
    """Decoding with and without the engine behind it, by turns; the best round of each counts."""
    del data_dir
    bare, ruled, watched = [], [], []
    plant = plant_file()
    other, concerned = frames("tag", plant.version), frames("watched", plant.version)
    for _ in range(ROUNDS):
        bare.append(_per_frame(lambda: decoded(other)))
        ruled.append(_per_frame(lambda: applied(other, plant)))
        watched.append(_per_frame(lambda: applied(concerned, plant)))
    alone = min(bare)
    messages.print(
        f"µs a frame of {TAGS * SAMPLES} samples: {alone:.1f} to decode, {min(ruled):.1f} with "
        f"rules about none of its tags, {min(watched):.1f} with {SAMPLES} samples of a tag of two"
    )
    return [Figure("rules_ratio", alone / min(ruled), 1.0)]


def plant_file() -> "PlantFile":
    """One machine with rules about one of its tags."""
    from schemas.plant.load import load_plant

    return load_plant(_PLANT, "bench.yaml")


def frames(name: str, version: str) -> list[bytes]:
    """Frames as they are on the wire; the first tag has this name, the others none of a rule."""
    from schemas.codec import encode

    return [encode(_frame(seq, name, version)) for seq in range(FRAMES)]


def _frame(seq: int, name: str, version: str) -> "TelemetryFrame":
    from schemas.record import EventId
    from schemas.telemetry import Column, TelemetryFrame

    names = [name, *(f"tag-{number}" for number in range(TAGS - 1))]
    numbers: list[float | None] = [20.0 + n / 10 for n in range(SAMPLES)]
    columns = [
        Column(tag=one, unit="°C", offset_ms=list(range(SAMPLES)), numbers=numbers) for one in names
    ]
    at = BEGIN + seq * timedelta(milliseconds=100)
    return TelemetryFrame(
        id=EventId(source="bench", epoch="e", seq=seq),
        plant_version=version,
        source_time=at,
        ingest_time=at,
        equipment=PATH,
        columns=columns,
    )


def decoded(told: list[bytes]) -> int:
    """How many frames there are."""
    from schemas.codec import decode
    from schemas.topics import TELEMETRY

    return sum(decode(TELEMETRY, one) is not None for one in told)


def applied(told: list[bytes], plant: "PlantFile") -> int:
    """How many alerts there are: none."""
    from processors.rules.equipment import RulesEngine
    from schemas.codec import decode
    from schemas.topics import TELEMETRY

    engine = RulesEngine()
    state, alerts = engine.load(f"|{PATH}", {}), 0
    for one in told:
        transition = engine.advance(state, [decode(TELEMETRY, one)], plant)
        state, alerts = transition.state, alerts + len(transition.outputs)
    return alerts


def _per_frame(work: Callable[[], object]) -> float:
    """Microseconds of processor time for each frame."""
    started = process_time()
    work()
    return (process_time() - started) / FRAMES * 1e6
