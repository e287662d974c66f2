"""Short ways to say what happens in a laboratory; times are in hours after it begins."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from pydantic import BaseModel

from processors.quality.engine import QualityEngine
from processors.quality.signing import Verifies, knows_no_seal
from processors.quality.state import QualityState
from processors.quality.trends import Trend
from processors.quality.turn import Event
from processors.step import Output
from schemas.alerts import AlertTransition
from schemas.lab import BatchMade, DeviationAction, Disposition, Excursion, TestResult
from schemas.plant.load import PlantFile, load_plant
from schemas.quality import ComplianceReport, LabAnswer
from schemas.record import EventId
from schemas.topics import QUALITY, Topic

BEGIN = datetime(2026, 3, 2, 6, tzinfo=UTC)
SITE, PRODUCT = "acme/north", "P1"
PATH = f"{SITE}/hall/one/reactor"
_PLANT = """
enterprise: acme
site: north
name: A plant with a laboratory
time_zone: UTC
calendars:
  daily: {{shifts: [{{name: day, days: all, start: "06:00", end: "14:00"}}]}}
equipment:
  - {{id: reactor, area: hall, line: one, calendar: daily}}
products:
  - id: P1
    tests: [{{id: ph, unit: pH}}, {{id: lead, unit: mg/kg}}, {{id: look, kind: text}}, {{id: visc}}]
specifications:
  - {{products: [P1], test: ph, from: 2026-01-01, unit: pH, limits: {{lower: 5, upper: 7}},
     sampling: {{per_batch: 1}}, turnaround: 12h, area: finished, severity: major{ph}}}
  - {{products: [P1], test: ph, from: 2026-04-01, unit: pH, limits: {{lower: 6, upper: 7}},
     sampling: {{per_batch: 1}}, turnaround: 12h, area: finished}}
  - {{products: [P1], test: lead, from: 2026-01-01, unit: mg/kg, limits: {{upper: 0.1}},
     detection_limit: 0.05, area: raw, severity: critical}}
  - {{products: [P1], test: look, from: 2026-01-01, accepted: [conforms],
     sampling: {{per_batch: 1}}, turnaround: 24h, area: finished, severity: minor}}
{more}
quality:
  areas: {{finished: {{}}, raw: {{}}}}
  {settings}
{rules}
"""
Kind = TypeVar("Kind", bound=BaseModel)


def plant(ph: str = "", more: str = "", settings: str = "", rules: str = "") -> PlantFile:
    """The small plant with these additions."""
    text = _PLANT.format(ph=ph, more=more, settings=settings, rules=rules)
    return load_plant(text, "plant.yaml")


def at(hours: float) -> datetime:
    """So many hours after it begins."""
    return BEGIN + timedelta(hours=hours)


@dataclass
class Sayer:
    """Says things as the edge would put them."""

    plant: PlantFile
    seq: int = 0

    def _envelope(self, hours: float, said: float | None = None) -> dict[str, Any]:
        self.seq += 1
        return {
            "id": EventId(source="lims", epoch="e", seq=self.seq),
            "plant_version": self.plant.version,
            "source_time": at(hours),
            "ingest_time": at(hours if said is None else said) + timedelta(milliseconds=self.seq),
            "site": SITE,
            "product": PRODUCT,
        }

    def result(
        self, hours: float, value: float | str = 6.0, name: str = "", **more: Any
    ) -> TestResult:
        """A result of batch B1: of its pH, unless something else is said."""
        is_text = isinstance(value, str)
        fields: dict[str, Any] = {"test": "look" if is_text else "ph", "batch": "B1", "by": "lims"}
        fields["unit"] = "" if is_text else "pH"
        fields |= {"text": value} if is_text else {"number": value}
        fields |= {"statement": name or f"{fields['test']}-{hours}"}
        said = more.pop("said", None)
        return TestResult(**self._envelope(hours, said), **(fields | more))

    def correction(self, hours: float, value: float, of: TestResult, **more: Any) -> TestResult:
        """The same result with another value."""
        kept = of.model_dump(
            include={"test", "batch", "sample", "sample_time", "unit", "by", "comparator"}
        )
        fields: dict[str, Any] = {
            "reason": "a typing error",
            "statement": f"{of.statement}-at-{hours}",
        }
        fields |= {"revision": of.revision + 1, "corrects": of.statement, "number": value}
        return TestResult(**self._envelope(hours), **(kept | fields | more))

    def made(
        self, start: float, end: float | None = None, batch: str = "B1", **more: Any
    ) -> BatchMade:
        """The reactor made a batch."""
        return BatchMade(
            plant_version=self.plant.version,
            site=SITE,
            product=PRODUCT,
            equipment=PATH,
            batch=batch,
            start=at(start),
            end=None if end is None else at(end),
            **more,
        )

    def excursion(self, start: float, end: float | None = None, **more: Any) -> Excursion:
        """It was warmer than 30 in the reactor; after an hour an alert fired."""
        fields: dict[str, Any] = {"rule": "Warm", "fingerprint": f"warm-{start}", "tag": "t"}
        fields |= {"equipment": PATH, "concerns": PATH, "severity": "major", "area": "raw"}
        fields |= {"worst": 31.0 if end is None else 33.5, "limit": 30.0, "unit": "°C"}
        fields |= {"start": at(start), "fired_at": at(start + 1), "at": at(start + 1)}
        fields |= {} if end is None else {"end": at(end), "at": at(end)}
        known = {"plant_version": self.plant.version, "site": SITE, "product": PRODUCT}
        return Excursion.model_validate(known | fields | more)

    def decision(self, hours: float, decision: str = "release", **more: Any) -> Disposition:
        """What is to become of batch B1."""
        fields = {"batch": "B1", "by": "Ana Ruiz", "statement": f"decision-{hours}"}
        return Disposition.model_validate(
            {**self._envelope(hours), **fields, "decision": decision, **more}
        )

    def action(self, hours: float, deviation: str, action: str, **more: Any) -> DeviationAction:
        """A step in the life of a deviation."""
        fields = {"by": "Ana Ruiz", "reason": "looked into", "statement": f"{action}-{hours}"}
        fields |= {"deviation": deviation, "action": action}
        return DeviationAction.model_validate({**self._envelope(hours), **fields, **more})


@dataclass
class Run:
    """The engine at work; with `restarts` its state is written down and read after every step."""

    plant: PlantFile
    restarts: bool = False
    trend: Trend | None = None
    verifies: Verifies = knows_no_seal
    outputs: list[Output] = field(default_factory=list)
    state: QualityState | None = None

    def __post_init__(self) -> None:
        self.engine = QualityEngine(self.trend, self.verifies)

    def hear(self, *events: Event) -> "Run":
        """All of them together."""
        if events:
            key = self.engine.key_of(events[0])
            state = self.state or self.engine.load(key, {})
            self._keep(self.engine.advance(state, events, self.plant))
        return self

    def hear_each(self, events: Iterable[Event]) -> "Run":
        """One after the other."""
        for event in events:
            self.hear(event)
        return self

    def tick(self, hours: float) -> "Run":
        """It is so late."""
        assert self.state is not None
        self._keep(self.engine.tick(self.state, at(hours), self.plant))
        return self

    def _keep(self, transition: Any) -> None:
        self.state = transition.state
        self.outputs += transition.outputs
        if self.restarts:
            key = f"{self.state.run}|{self.state.about}"
            self.state = self.engine.load(key, self.engine.dump(self.state))

    def newest(self, kind: type[Kind]) -> list[Kind]:
        """Of each id the newest record, in the order of the ids."""
        found = {one.record_key: one.record for one in self.outputs if isinstance(one.record, kind)}
        return [found[name] for name in sorted(found)]

    def answer(self, statement: str) -> LabAnswer | None:
        """The newest answer to this statement."""
        found = [one for one in self.newest(LabAnswer) if one.statement == statement]
        return found[0] if found else None

    def objections(self, statement: str) -> list[tuple[str, str]]:
        """Fields and reasons for which it was refused."""
        answer = self.answer(statement)
        assert answer is not None
        return [(one.field, one.reason) for one in answer.objections]

    def report(
        self, window: str, area: str | None = None, test: str | None = None
    ) -> ComplianceReport:
        """The newest report of a window."""
        wanted = (window, area, test)
        (found,) = [
            one
            for one in self.newest(ComplianceReport)
            if (one.window, one.area, one.test) == wanted
        ]
        return found

    def sent(self, topic: Topic, field: str) -> list[Any]:
        """A field of all that went to this topic."""
        return [getattr(one.record, field) for one in self.outputs if one.topic is topic]

    def alerts(self) -> list[AlertTransition]:
        """All transitions, the oldest first."""
        return [one.record for one in self.outputs if isinstance(one.record, AlertTransition)]

    def truth(self) -> dict[str, Any]:
        """What every record on the quality topic says by now, but when its window ends."""
        found: dict[str, Any] = {}
        for one in self.outputs:
            if one.topic is QUALITY or isinstance(one.record, LabAnswer):
                said = one.record.model_dump()
                if isinstance(one.record, ComplianceReport) and one.record.batch is None:
                    said |= {"start": None, "end": None}
                found[one.record_key] = said
        return {
            name: said
            for name, said in found.items()
            if not said.get("withdrawn") and not _is_empty(said)
        }


def _is_empty(said: dict[str, Any]) -> bool:
    return said["type"] == "compliance_report" and not said["judged"] and not said["batches_judged"]


def only(found: Sequence[Kind]) -> Kind:
    """The one that there is."""
    (one,) = found
    return one
