"""Random plants and what happens to a machine there, for the engine and for the one in SQL."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from schemas.machine import (
    AlarmChanged,
    BatchEnded,
    BatchStarted,
    CounterReset,
    CycleCompleted,
    Gap,
    Heartbeat,
    MachineRecord,
    PartsCounted,
    PhaseChanged,
    ProductChanged,
    StateChanged,
)
from schemas.manual import (
    MaintenanceEnded,
    MaintenanceStarted,
    PartsReported,
    StopReasonGiven,
)
from schemas.plant.load import PlantFile, load_plant
from schemas.record import EventId
from tests.makers import PATH
from tests.processors.oee.independent import Row, Settings

MS = timedelta(milliseconds=1)
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
WORDS = ("A", "B", "7")
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
STATES = ("running", "running", "unplanned_stop", "setup", "planned_stop", "delay")


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
        return [{**one.model_dump(mode="json"), "seq": one.id.seq} for one in self.events()]

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
            "calendars": {"weekly": {"during": self.during, "shifts": self._shifts()}},
            "equipment": [press],
            "reasons": {code: {"category": to} for code, to in REASONS.items()},
            "products": [
                {"id": product, **_cycle_of(dated)} for product, dated in self.cycles.items()
            ],
        }

    def _shifts(self) -> list[dict[str, Any]]:
        return [
            {"name": name, "days": "all", "start": _clock(a), "end": _clock(z)}
            for name, (a, z) in self.shifts.items()
        ]


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


# What may happen. Each takes the moment at which it arrives and the moment of the event before.

Happening = Callable[[int, int], Told]


def _now(kind: type[MachineRecord], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy:
    """Something that is told at the moment at which it happens."""
    return st.fixed_dictionaries(fields).map(
        lambda said: lambda at, before: Told(kind, at, said)  # noqa: ARG005 - it needs no more
    )


def _late(
    kind: type[MachineRecord], oldest_ms: int, **fields: st.SearchStrategy[Any]
) -> st.SearchStrategy:
    """Something of earlier that is told only now."""
    return st.tuples(st.integers(0, oldest_ms), st.fixed_dictionaries(fields)).map(
        lambda drawn: (
            lambda at, before: Told(  # noqa: ARG005 - it needs no more
                kind, at - min(at, drawn[0]), drawn[1], late=min(at, drawn[0])
            )
        )
    )


def _gap(share: float) -> Happening:
    """Nothing was seen for the later part of the time since the event before."""
    return lambda at, before: Told(
        Gap, at, {"start": before + int((at - before) * share), "reason": "cable"}
    )


def _reason_of_span(drawn: tuple[int, int, str]) -> Happening:
    """A reason for a time of earlier that lasted so long."""
    age, length, code = drawn

    def told(at: int, before: int) -> Told:
        del before
        start = max(0, at - age)
        span = {"start": start, "end": min(start + length, max(at, start + 1)), "reason": code}
        return Told(StopReasonGiven, at, {**_BY, **span})

    return told


_BY = {"by": "ana", "statement": "s"}
_by = {name: st.just(word) for name, word in _BY.items()}
_few = st.integers(0, 5)
_signed = st.integers(-3, 3)
_codes = st.sampled_from([*REASONS, "made-up"])
_names = st.sampled_from(["b1", "b2", "b3"])

said_by_machine = st.one_of(
    _now(
        StateChanged,
        category=st.sampled_from(STATES),
        state=st.sampled_from(WORDS),
        reason=st.sampled_from([None, None, "jam", "door"]),
    ),
    _now(StateChanged, category=st.sampled_from(STATES)),
    _now(PartsCounted, good=st.integers(0, 50), scrap=_few, rework=_few),
    _now(BatchStarted, batch=_names),
    _now(BatchEnded, batch=_names),
    _now(ProductChanged, product=st.sampled_from(["fast", "slow", "guess", None])),
    _now(Heartbeat),
    st.floats(0, 0.9).map(_gap),
)
said_besides = st.one_of(
    _now(PhaseChanged, phase=st.sampled_from(["mix", None])),
    _now(CycleCompleted, duration_ms=st.integers(0, 5000)),
    _now(
        CounterReset,
        tag=st.just("counter"),
        before=st.just("9"),
        after=st.just("0"),
        rolled_over=st.booleans(),
    ),
    _now(
        AlarmChanged,
        condition=st.just("c"),
        severity=st.just(500),
        active=st.booleans(),
        acknowledged=st.just(False),
        retained=st.just(True),
    ),
)
said_by_people = st.one_of(
    _now(StopReasonGiven, reason=_codes, **_by),
    st.tuples(st.integers(0, 20 * MINUTE), st.integers(1, 10 * MINUTE), _codes).map(
        _reason_of_span
    ),
    _late(StopReasonGiven, 20 * MINUTE, reason=_codes, **_by),
    _late(
        PartsReported,
        30 * MINUTE,
        good=_signed,
        scrap=_signed,
        rework=_signed,
        startup=st.booleans(),
        batch=st.sampled_from([None, "b1"]),
        reason=st.just("jam"),
        **_by,
    ),
    _now(MaintenanceStarted, planned=st.booleans(), **_by),
    _now(MaintenanceEnded, **_by),
)
late_scrap = _late(PartsCounted, 30 * MINUTE, scrap=st.integers(1, 5))

pauses = st.one_of(
    st.integers(1, 5 * SECOND),
    st.integers(1, 30 * SECOND),
    st.integers(1, 3 * MINUTE),
    st.integers(MINUTE, 40 * MINUTE),
    st.integers(1, 4 * HOUR),
)

DST_DAYS = (
    ("Europe/Ljubljana", date(2026, 3, 29)),
    ("Europe/Ljubljana", date(2026, 10, 25)),
    ("America/Tijuana", date(2026, 3, 8)),
    ("America/Tijuana", date(2026, 11, 1)),
)
_places = st.sampled_from(
    [("UTC", date(2026, 3, 2)), ("Asia/Kolkata", date(2026, 3, 2)), *DST_DAYS]
)
_hours = st.sampled_from([0, 1, 5, 6, 13, 19, -3])
"""Local hours of the day at which a story begins; -3 is the evening before."""

machines_of_today = st.fixed_dictionaries(
    {
        "minor_stop_s": st.sampled_from([0, 20, 120]),
        "unknown_after_s": st.sampled_from([None, 60, 1800]),
        "unknown": st.sampled_from(["loss", "exclude"]),
    }
)
_MAINTENANCE = {"when": "maintenance", "category": "planned_stop"}
rules = st.lists(
    st.fixed_dictionaries(
        {
            "when": st.sampled_from(["no_batch", "changeover", "maintenance", "start_of_shift"]),
            "states": st.sampled_from([[], ["A"], ["B", "7"]]),
            "category": st.sampled_from(STATES[2:]),
            "reason": st.sampled_from([None, "tooling", "jam"]),
        }
    ),
    max_size=3,
).map(lambda some: [*some, _MAINTENANCE])
"""At least one is about maintenance: without it, the documents do not say what that is."""
machines = st.builds(
    lambda today, more: today | more,
    machines_of_today,
    st.fixed_dictionaries(
        {
            "min_run_s": st.sampled_from([0, 5, 60]),
            "changeover": st.sampled_from(["availability", "performance"]),
            "startup_s": st.sampled_from([0, 60, 600]),
            "rules": rules,
        }
    ),
)


_ORDER = (Told(ProductChanged, 1, {"product": "fast"}), Told(BatchStarted, 1, {"batch": "b1"}))


@st.composite
def stories(
    draw: st.DrawFn,
    of: st.SearchStrategy = said_by_machine,
    machine: st.SearchStrategy = machines_of_today,
    counts: tuple[Literal["good", "produced"], ...] = ("good",),
) -> Story:
    """A plant and a story there, from a first state to a last sign of life."""
    zone, day = draw(_places)
    begins = datetime.combine(day, datetime.min.time()) + timedelta(hours=draw(_hours))
    happenings = draw(st.lists(st.tuples(pauses, of), min_size=3, max_size=25))
    told = [
        Told(StateChanged, 0, {"category": draw(st.sampled_from(STATES))}),
        *draw(st.sampled_from([(), _ORDER, _ORDER])),
    ]
    at = 1
    for pause, happening in happenings:
        before, at = at, at + pause
        told.append(happening(at, before))
    told.append(Told(Heartbeat, at + draw(pauses)))
    return Story(
        zone=zone,
        begins=begins,
        machine={name: value for name, value in draw(machine).items() if value is not None},
        during=draw(st.sampled_from(["always", "always", "batch"])),
        counts=draw(st.sampled_from(counts)),
        told=tuple(told),
    )
