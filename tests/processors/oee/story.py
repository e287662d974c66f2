"""A plant and what is told there, for the engine and for the calculation in SQL."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from schemas.machine import MachineRecord
from schemas.plant.load import PlantFile, load_plant
from schemas.record import EventId
from tests.makers import PATH
from tests.processors.oee.independent import Row, Settings

MS = timedelta(milliseconds=1)
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
REASONS: dict[str, str | None] = {
    "jam": None,
    "cleaning": "planned_stop",
    "tooling": "setup",
    "fault": "unplanned_stop",
    "starved": "delay",
}
"""Codes that the plant knows, and the category that each gives."""
CYCLES = {"fast": [("2026-01-01", 500_000)], "slow": [("2026-01-01", 2_000_000)], "guess": []}
SHIFTS = {"early": (6 * 60, 14 * 60), "late": (14 * 60, 20 * 60), "night": (22 * 60, 30 * 60)}
"""From and to in minutes of the day; two hours of the evening are not planned."""


@dataclass(frozen=True)
class Told:
    """One event: its class, its moment in milliseconds of the story, and what else it says."""

    kind: type[MachineRecord]
    at: int
    said: Mapping[str, Any] = field(default_factory=dict)
    late: int = 0
    """Milliseconds by which it arrives later than it happens."""


@dataclass(frozen=True)
class Story:
    """A plant, when the story begins there (local time), and what is told."""

    zone: str = "UTC"
    begins: datetime = datetime(2026, 3, 2, 6)  # noqa: DTZ001 - the plant's local time
    machine: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the machine, as in a plant file."""
    during: str = "always"
    cycles: Mapping[str, list[tuple[str, int]]] = field(default_factory=lambda: CYCLES)
    counts: Literal["good", "produced"] = "good"
    shifts: Mapping[str, tuple[int, int]] = field(default_factory=lambda: SHIFTS)
    breaks: Mapping[str, list[tuple[int, int]]] = field(default_factory=dict)
    """By shift, in minutes after the midnight of its day."""
    free: tuple[str, ...] = ()
    """Days on which no shift begins."""
    repairs: tuple[tuple[str, str], ...] = ()
    """Maintenance of the calendar, from and to in local time."""
    told: tuple[Told, ...] = ()

    @property
    def start(self) -> datetime:
        """The instant at which it begins."""
        return self.begins.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

    def plant(self) -> PlantFile:
        """The plant file, through the loader that everybody uses."""
        return load_plant(json.dumps(self._file(), default=str), "story.yaml")

    def events(self) -> list[MachineRecord]:
        """What the edge and people say, in order of arrival."""
        version = self.plant().version
        numbered = sorted(enumerate(self.told), key=lambda one: one[1].at + one[1].late)
        return [self._event(seq, one, version) for seq, one in numbered]

    def rows(self) -> list[Row]:
        """The same events as they stand on the wire."""
        return [
            {**one.model_dump(mode="json"), "seq": one.id.seq, "arrival": arrival}
            for arrival, one in enumerate(self.events())
        ]

    def settings(self) -> Settings:
        """The plant as plain tables."""
        said = self.machine
        rules = enumerate(said.get("rules", ()))
        return Settings(
            plant={
                "zone": self.zone,
                "during": self.during,
                "minor_stop_ms": said.get("minor_stop_s", 0) * SECOND,
                "min_run_ms": said.get("min_run_s", 0) * SECOND,
                "unknown_after_ms": _ms(said.get("unknown_after_s")),
                "startup_ms": said.get("startup_s", 0) * SECOND,
                "excludes_unknown": said.get("unknown") == "exclude",
                "setup_produces": said.get("changeover") == "performance",
                "has_produced_tag": self.counts == "produced",
            },
            tables={
                "shift": [
                    {"name": name, "weekday": day, "from_minute": a, "to_minute": z}
                    for name, (a, z) in self.shifts.items()
                    for day in range(1, 8)
                ],
                "pause": [
                    {"shift": name, "from_minute": a, "to_minute": z}
                    for name, breaks in self.breaks.items()
                    for a, z in breaks
                ],
                "free": [{"day": day} for day in self.free],
                "repair": [{"from_local": a, "to_local": z} for a, z in self.repairs],
                "cycle": [
                    {"product": product, "valid_from": day, "us": us}
                    for product, dated in self.cycles.items()
                    for day, us in dated
                ],
                "reason": [{"code": code, "category": to} for code, to in REASONS.items()],
                "rule": [{"place": place, "states": [], **rule} for place, rule in rules],
            },
        )

    def _event(self, seq: int, told: Told, version: str) -> MachineRecord:
        said = {
            name: self.start + value * MS if name in {"start", "end"} else value
            for name, value in told.said.items()
        }
        moment = self.start + told.at * MS
        return told.kind(
            id=EventId(source="edge", epoch="e1", seq=seq),
            plant_version=version,
            equipment=PATH,
            source_time=moment,
            ingest_time=moment,
            **said,
        )

    def _file(self) -> dict[str, Any]:
        enterprise, site, area, line, name = PATH.split("/")
        press = {"id": name, "area": area, "line": line, "calendar": "weekly", **self.machine}
        press["tags"] = [{"name": "counter", "means": f"{self.counts}_count"}]
        return {
            "enterprise": enterprise,
            "site": site,
            "name": "A plant in a story",
            "time_zone": self.zone,
            "calendars": {"weekly": self._calendar()},
            "equipment": [press],
            "reasons": {code: {"category": to} for code, to in REASONS.items()},
            "products": [
                {"id": product, **_cycle_of(dated)} for product, dated in self.cycles.items()
            ],
        }

    def _calendar(self) -> dict[str, Any]:
        shifts = [
            {
                "name": name,
                "days": "all",
                "start": _clock(a),
                "end": _clock(z),
                "breaks": [
                    {"start": _clock(b), "end": _clock(e)} for b, e in self.breaks.get(name, ())
                ],
            }
            for name, (a, z) in self.shifts.items()
        ]
        repairs = [{"kind": "maintenance", "from": a, "to": z} for a, z in self.repairs]
        holidays = {"dates": list(self.free)}
        return {
            "during": self.during,
            "shifts": shifts,
            "holidays": holidays,
            "exceptions": repairs,
        }


def _ms(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * SECOND


def _clock(minute: int) -> str:
    if minute == 24 * 60:
        return "24:00"
    return f"{minute // 60 % 24:02}:{minute % 60:02}"


def _cycle_of(dated: list[tuple[str, int]]) -> dict[str, Any]:
    if not dated:
        return {}
    return {"ideal_cycle_s": [{"from": day, "cycle_s": us / 1_000_000} for day, us in dated]}
