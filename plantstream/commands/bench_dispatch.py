"""What the dispatcher makes of a storm of alerts, and what one more costs it with many open."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any

from plantstream.commands.bench_figure import Figure, Needs
from plantstream.commands.console import messages

if TYPE_CHECKING:
    from processors.dispatch.engine import DispatchState
    from processors.step import Output
    from schemas.plant.load import PlantFile

NEEDS = Needs.NOTHING
TRANSITIONS, UNIQUE, GROUPS = 10_000, 1_000, 10
OPEN, SILENCES = 10_000, 1_000
AT_ONCE = 500
"""Transitions in a micro-batch."""
EVENTS = 300
ROUNDS = 3
BEGIN = datetime(2026, 3, 2, 6, tzinfo=UTC)
SITE = "bench/hall"
_PLANT = """
enterprise: bench
site: hall
name: Benchmark
time_zone: UTC
calendars:
  always: {shifts: [{name: day, days: all, start: "00:00", end: "24:00"}]}
equipment:
  - {id: machine, area: a, line: l, calendar: always}
people:
  - {id: ana, name: Ana, email: ana@example.org}
  - {id: ben, name: Ben, email: ben@example.org}
channels:
  mail: {type: email, host: mail.example.org, sender: plant@example.org}
chains:
  call: {steps: [{people: [ana], wait: 5m}, {people: [ben], wait: 5m}]}
alerts:
  route:
    receiver: all
    group_by: [alertname]
    group_wait: 5s
    routes:
      - {matchers: [severity=critical, team=a], group_by: [alertname, team]}
      - {matchers: ['team=~b.*']}
  receivers: {all: {chain: call}}
  matrix: {info: [mail], warning: [mail], critical: [mail]}
  inhibitions:
    - {source: [alertname=SiteDown], target: ['severity=~info|warning'], equal: [line]}
"""


async def measure(data_dir: Path) -> list[Figure]:
    """A storm, and one event on a full desk beside the same on an empty one; the best rounds."""
    del data_dir
    storms = [_storm() for _ in range(ROUNDS)]
    seconds, said = min(storms, key=lambda one: one[0])
    told = sum(one.topic.name == "plant.notification.v1" for one in said)
    full, empty = _full_desk(), _empty_desk()
    on_full = min(_per_event(full, number) for number in range(ROUNDS))
    on_empty = min(_per_event(empty, number) for number in range(ROUNDS))
    written = min(_written(full, number) for number in range(ROUNDS))
    messages.print(
        f"{TRANSITIONS} transitions of {UNIQUE} alerts in {GROUPS} groups: {seconds:.2f} s, "
        f"{told} messages; an event with {OPEN} open alerts and {SILENCES} silences: "
        f"{on_full:.0f} µs ({on_empty:.0f} µs with none), its rows listed: {written:.0f} µs"
    )
    return [
        Figure("dispatch_storm_s", seconds, _decoded()),
        Figure("dispatch_event_us", on_full, on_empty),
    ]


def plant_file() -> "PlantFile":
    """Two people, a chain, a tree and an inhibition."""
    from schemas.plant.load import load_plant

    return load_plant(_PLANT, "bench.yaml")


def transition(number: int, at: datetime, name: str = "Alert") -> Any:
    """One of the alerts fires."""
    from schemas.alerts import AlertTransition

    labels = {"alertname": name, "equipment": f"m{number}", "line": f"l{number % 50}"}
    return AlertTransition(
        plant_version=plant_file_version(),
        site=SITE,
        fingerprint=f"{name}{number}",
        starts_at=BEGIN,
        at=at,
        state="firing",
        severity=("info", "warning", "critical")[number % 3],
        labels=labels,
        generator="rule",
    )


def plant_file_version() -> str:
    """Of the plant file of this benchmark."""
    from hashlib import sha256

    return sha256(_PLANT.encode()).hexdigest()[:12]


def storm() -> list[Any]:
    """So many transitions within five seconds; nine of ten are repetitions."""
    return [
        transition(
            number % UNIQUE,
            BEGIN + number * timedelta(seconds=5) / TRANSITIONS,
            f"Alert{number % GROUPS}",
        )
        for number in range(TRANSITIONS)
    ]


def _storm() -> tuple[float, "Sequence[Output]"]:
    """Processor time until all groups are told, written down after each batch, and what is said."""
    from processors.calendar import PlanCalendar
    from processors.dispatch.engine import DispatchEngine

    engine, plant, events = DispatchEngine(PlanCalendar), plant_file(), storm()
    said: list[Output] = []
    started = process_time()
    state = engine.load(f"|{SITE}", {})
    for start in range(0, len(events), AT_ONCE):
        step = engine.advance(state, events[start : start + AT_ONCE], plant)
        state = step.state
        engine.dump(state)
        said += step.outputs
    step = engine.tick(state, BEGIN + timedelta(seconds=20), plant)
    engine.dump(step.state)
    said += step.outputs
    return process_time() - started, said


def _decoded() -> float:
    """Processor time for reading the same transitions from JSON."""
    from schemas.codec import decode, encode
    from schemas.topics import ALERT

    written = [encode(one) for one in storm()]
    started = process_time()
    for one in written:
        decode(ALERT, one)
    return process_time() - started


def _empty_desk() -> "DispatchState":
    from processors.calendar import PlanCalendar
    from processors.dispatch.engine import DispatchEngine

    engine = DispatchEngine(PlanCalendar)
    state = engine.load(f"|{SITE}", {})
    return engine.advance(state, [transition(0, BEGIN, "First")], plant_file()).state


def _full_desk() -> "DispatchState":
    """Many open alerts that were told, and many silences of other equipment."""
    from processors.calendar import PlanCalendar
    from processors.dispatch.engine import DispatchEngine

    engine, plant = DispatchEngine(PlanCalendar), plant_file()
    alerts = [transition(number, BEGIN, f"Open{number % 200}") for number in range(OPEN)]
    state = engine.advance(_empty_desk(), alerts, plant).state
    state = engine.advance(state, [_silence(number) for number in range(SILENCES)], plant).state
    return engine.tick(state, BEGIN + timedelta(minutes=1), plant).state


def _silence(number: int) -> Any:
    from schemas.acts import Matcher, Silence
    from schemas.record import EventId

    return Silence(
        id=EventId(source="bench", epoch="e", seq=number),
        plant_version=plant_file_version(),
        source_time=BEGIN,
        ingest_time=BEGIN,
        site=SITE,
        by="ana",
        statement=f"s{number}",
        matchers=[
            Matcher(name="equipment", value=f"m{number}"),
            Matcher(name="line", value="none"),
        ],
        starts_at=BEGIN,
        ends_at=BEGIN + timedelta(hours=10),
        comment="bench",
    )


def _per_event(state: "DispatchState", number: int) -> float:
    """Microseconds for a new alert, told one by one."""
    from processors.calendar import PlanCalendar
    from processors.dispatch.engine import DispatchEngine

    engine, plant = DispatchEngine(PlanCalendar), plant_file()
    at = BEGIN + timedelta(minutes=2)
    events = [transition(one, at, f"New{number}{one % 100}") for one in range(EVENTS)]
    engine.advance(state, [transition(0, at, "Warm")], plant)
    started = process_time()
    for one in events:
        state = engine.advance(state, [one], plant).state
    return (process_time() - started) / EVENTS * 1e6


def _written(state: "DispatchState", number: int) -> float:
    """Microseconds for listing all rows, as the shell does once per micro-batch."""
    from processors.calendar import PlanCalendar
    from processors.dispatch.engine import DispatchEngine

    del number
    engine = DispatchEngine(PlanCalendar)
    started = process_time()
    engine.dump(state)
    return (process_time() - started) * 1e6
