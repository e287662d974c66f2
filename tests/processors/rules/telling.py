"""Short ways to say what happens to a plant with rules; times are in seconds after it begins."""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from processors.rules.equipment import RulesEngine
from processors.rules.site import SiteEngine
from processors.rules.state import RulesState
from processors.step import Output
from schemas.alerts import AlertTransition
from schemas.machine import AlarmChanged, BatchEnded, BatchStarted, Gap, Heartbeat, StateChanged
from schemas.manual import AndonCleared, AndonRaised, MaintenanceEnded, MaintenanceStarted
from schemas.plant.load import PlantFile, load_plant
from schemas.record import EventId
from schemas.site import EdgeHeartbeat, ExternalAlert, SourceHeartbeat
from schemas.telemetry import Column, TelemetryFrame

BEGIN = datetime(2026, 3, 2, 6, tzinfo=UTC)
"""A Monday; the early shift begins."""
SITE = "acme/north"
PATH = f"{SITE}/hall/one/reactor"
_PLANT = """
enterprise: acme
site: north
name: Acme North
time_zone: UTC
calendars:
  weekly:
    during: {during}
    shifts: [{{name: early, days: all, start: "06:00", end: "14:00",
              breaks: [{{start: "10:00", end: "10:30"}}]}}]
sources:
  plc: {{type: opcua, endpoint: "opc.tcp://127.0.0.1:4840", security: &open
    {{policy: None, mode: None}}}}
  lab-plc: {{type: opcua, endpoint: "opc.tcp://127.0.0.1:4841", security: *open}}
equipment:
  - id: reactor
    name: Reactor A
    area: hall
    line: one
    calendar: weekly
    source: plc
    tags: &tags
      - {{name: temperature, node: "ns=2;s={{id}}.T", unit: °C}}
      - {{name: setpoint, node: "ns=2;s={{id}}.SP", unit: °C}}
      - {{name: mode, node: "ns=2;s={{id}}.M"}}
      - {{name: state, node: "ns=2;s={{id}}.S", means: state, states: {{1: running}}}}
  - {{id: press, area: hall, line: two, calendar: weekly, source: plc, tags: *tags}}
alert_rules:
{rules}
"""


def plant(rules: str, during: str = "always") -> PlantFile:
    """The small plant with these rules; each has a severity and a summary unless it says them."""
    text = textwrap.indent(textwrap.dedent(rules).strip(), "  ")
    return load_plant(_PLANT.format(rules=text, during=during), "plant.yaml")


def rule(when: str, **more: Any) -> PlantFile:
    """The small plant with one rule."""
    during = more.pop("during", "always")
    given = {"severity": "warning", "summary": '"{{ value }} of {{ limit }}"'} | more
    said = "".join(f"\n  {name.rstrip('_')}: {value}" for name, value in given.items())
    return plant(f"- alert: Hot\n  when: {when}{said}", during)


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


@dataclass
class Sayer:
    """Says what happens at one equipment and at its site, with ids that count up."""

    plant: PlantFile
    equipment: str = PATH
    run: str = ""
    said: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    def envelope(self, seconds: float, kind: str) -> dict[str, Any]:
        seq = self.counts[kind] = self.counts.get(kind, -1) + 1
        return {
            "id": EventId(source="edge", epoch="e", seq=seq),
            "run": self.run,
            "plant_version": self.plant.version,
            "source_time": at(seconds),
            "ingest_time": at(seconds),
        }

    def tag(self, seconds: float, value: Any, name: str = "temperature") -> TelemetryFrame:
        return self.frame({name: [(seconds, value)]})

    def frame(self, columns: dict[str, list[tuple[float, Any]]], **more: Any) -> TelemetryFrame:
        first = min(seconds for samples in columns.values() for seconds, _ in samples)
        built = []
        for name, samples in columns.items():
            values = [value for _, value in samples]
            is_text = any(isinstance(value, str) for value in values)
            kind: dict[str, Any] = {"texts" if is_text else "numbers": values}
            offsets = [round((seconds - first) * 1000) for seconds, _ in samples]
            built.append(Column(tag=name, offset_ms=offsets, **kind, **more))
        common = self.envelope(first, "telemetry")
        return TelemetryFrame(**common, equipment=self.equipment, columns=built)

    def _machine(self, what: Any, seconds: float, **said: Any) -> Any:
        return what(**self.envelope(seconds, "machine"), equipment=self.equipment, **said)

    def state(self, seconds: float, category: str, word: str | None = None) -> Any:
        return self._machine(StateChanged, seconds, category=category, state=word)

    def alive(self, seconds: float) -> Any:
        return self._machine(Heartbeat, seconds)

    def gap(self, start: float, end: float) -> Any:
        return self._machine(Gap, end, start=at(start), reason="cable")

    def batch(self, seconds: float, name: str = "b") -> Any:
        return self._machine(BatchStarted, seconds, batch=name)

    def batch_ends(self, seconds: float, name: str = "b") -> Any:
        return self._machine(BatchEnded, seconds, batch=name)

    def call(self, seconds: float, priority: str = "critical", name: str = "c") -> Any:
        said: dict[str, Any] = {"andon": name, "priority": priority, "kind": "material"}
        return self._machine(AndonRaised, seconds, by="ana", statement="s", **said)

    def clear(self, seconds: float, name: str = "c") -> Any:
        return self._machine(AndonCleared, seconds, by="ana", statement="s", andon=name)

    def maintenance(self, seconds: float, planned: bool = True) -> Any:
        said: dict[str, Any] = {"planned": planned, "work_order": "WO-7"}
        return self._machine(MaintenanceStarted, seconds, by="ana", statement="s", **said)

    def maintenance_ends(self, seconds: float) -> Any:
        return self._machine(MaintenanceEnded, seconds, by="ana", statement="s")

    def alarm(self, seconds: float, severity: int, active: bool = True, name: str = "a") -> Any:
        said: dict[str, Any] = {
            "condition": name,
            "severity": severity,
            "active": active,
            "message": "Too hot",
        }
        return self._machine(AlarmChanged, seconds, acknowledged=False, retained=active, **said)

    def edge_alive(self, seconds: float) -> EdgeHeartbeat:
        said: dict[str, Any] = {
            "edge": "edge",
            "spool_records": 0,
            "spool_bytes": 0,
            "dropped_records": 0,
        }
        return EdgeHeartbeat(**self.envelope(seconds, "site"), site=SITE, **said)

    def source_alive(self, seconds: float, name: str = "plc", ok: bool = True) -> SourceHeartbeat:
        said: dict[str, Any] = {"edge": "edge", "name": name, "connected": ok}
        return SourceHeartbeat(**self.envelope(seconds, "site"), site=SITE, **said)

    def external(self, seconds: float, status: Any = "firing", **more: Any) -> ExternalAlert:
        said: dict[str, Any] = {
            "sender": "prometheus-1",
            "labels": {"alertname": "DiskFull", "host": "db", "severity": "warning"},
            "severity": "warning",
            "starts_at": at(0),
            "annotations": {"summary": "The disk is full"},
        }
        said |= more
        return ExternalAlert(**self.envelope(seconds, "site"), site=SITE, status=status, **said)


@dataclass
class Run:
    """An engine that is told events and the time."""

    plant: PlantFile
    engine: RulesEngine | SiteEngine = field(default_factory=RulesEngine)
    about: str = PATH
    state: RulesState = field(init=False)
    told: list[AlertTransition] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    written: bool = False
    """Whether the state is written down and read again after every step."""

    def __post_init__(self) -> None:
        self.state = self.engine.load(f"|{self.about}", {})

    def hear(self, *events: Any, plant: PlantFile | None = None) -> "Run":
        return self._take(self.engine.advance(self.state, events, plant or self.plant))

    def tick(self, seconds: float) -> "Run":
        return self._take(self.engine.tick(self.state, at(seconds), self.plant))

    def _take(self, transition: Any) -> "Run":
        self.state = transition.state
        self.outputs += transition.outputs
        records = (one.record for one in transition.outputs)
        self.told += [one for one in records if isinstance(one, AlertTransition)]
        if self.written:
            rows = self.engine.dump(self.state)
            self.state = self.engine.load(f"|{self.about}", rows)
            assert self.engine.dump(self.state) == rows
        return self


def site(plant: PlantFile, *events: Any) -> Run:
    return Run(plant, SiteEngine(), SITE).hear(*events)


def heard(plant: PlantFile, *events: Any, until: float | None = None) -> list[str]:
    """What is told of these events, and of the time after them."""
    run = Run(plant).hear(*events)
    return short((run if until is None else run.tick(until)).told)


def short(told: Iterable[AlertTransition]) -> list[str]:
    """State and time of each, and what is special of it."""
    return [_short(one) for one in told]


def _short(one: AlertTransition) -> str:
    seconds = (one.at - BEGIN).total_seconds()
    notes = [name for name in ("late", "flapping") if getattr(one, name)]
    severity = [] if one.severity == "warning" or one.state == "resolved" else [one.severity]
    return " ".join([one.state, f"{seconds:g}", *severity, *notes])


def series(sayer: Sayer, samples: Sequence[tuple[float, Any]]) -> list[TelemetryFrame]:
    return [sayer.tag(seconds, value) for seconds, value in samples]
