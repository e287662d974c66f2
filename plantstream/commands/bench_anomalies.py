"""Alert rules chosen on one labelled recording and scored on another, by our own engine."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from processors.rules.equipment import RulesEngine
from schemas.alerts import AlertTransition
from schemas.plant.load import PlantFile, load_plant
from schemas.record import EventId
from schemas.telemetry import Column, TelemetryFrame

PATH = "bench/bed/hall/loop/valve"
_PLANT: Mapping[str, Any] = {
    "enterprise": "bench",
    "site": "bed",
    "name": "Test bed",
    "time_zone": "UTC",
    "calendars": {"always": {"shifts": [{"name": "day", "start": "00:00", "end": "24:00"}]}},
    "sources": {
        "plc": {
            "type": "opcua",
            "endpoint": "opc.tcp://127.0.0.1:4840",
            "security": {"policy": "None", "mode": "None"},
        }
    },
}
_PLACE = {"id": "valve", "area": "hall", "line": "loop", "calendar": "always", "source": "plc"}
_LABELS = ("datetime", "anomaly", "changepoint")

LOW, HIGH = (0.01, 0.05, 0.1, 0.2), (0.8, 0.9, 0.95, 0.99)
"""Shares of a tag's values on the recording that a limit is chosen on."""
RATE_SPANS_S = (30, 120)
HOLDS_S, KEEPS_S = (0, 10, 30), (0, 30, 120)
"""What is tried for `for` and `keep_firing_for`."""
FINALISTS = 5
MOST_RULES = 3

Span = tuple[datetime, datetime]
"""From and to; the end is no part of it."""
Rule = Mapping[str, Any]
"""As it stands in the plant file, without its name."""


@dataclass(frozen=True)
class Series:
    """A recording of one value of each tag a row, with the rows that people labelled."""

    at: Sequence[datetime]
    values: Mapping[str, Sequence[float]]
    labelled: Sequence[bool]

    @property
    def step(self) -> timedelta:
        """How long a row stands for."""
        return min(after - before for before, after in pairwise(self.at))

    @property
    def anomalies(self) -> list[Span]:
        """Rows next to each other that are labelled, as one."""
        found: list[Span] = []
        for at, labelled, before in zip(
            self.at, self.labelled, (False, *self.labelled), strict=False
        ):
            if labelled:
                start = found.pop()[0] if before else at
                found.append((start, at + self.step))
        return found


@dataclass(frozen=True)
class Score:
    """How what fired stands to what was labelled; what is divided by nothing is 0."""

    alerts: int = 0
    true_alerts: int = 0
    """That overlap an anomaly."""
    anomalies: int = 0
    found: int = 0
    """Anomalies during which an alert fired."""
    hits: int = 0
    """Labelled rows at which one was firing."""
    fired: int = 0
    labelled: int = 0
    rows: int = 0

    def __add__(self, other: "Score") -> "Score":
        names = self.__dataclass_fields__
        return Score(**{name: getattr(self, name) + getattr(other, name) for name in names})

    @property
    def precision(self) -> float:
        """Of the alerts."""
        return _share(self.true_alerts, self.alerts)

    @property
    def recall(self) -> float:
        """Of the anomalies."""
        return _share(self.found, self.anomalies)

    @property
    def row_precision(self) -> float:
        """Of the rows at which an alert was firing, those that are labelled."""
        return _share(self.hits, self.fired)

    @property
    def row_recall(self) -> float:
        """Of the labelled rows, those at which an alert was firing."""
        return _share(self.hits, self.labelled)

    @property
    def row_f1(self) -> float:
        """The harmonic mean of both."""
        return _share(2 * self.hits, self.fired + self.labelled)


def read_series(path: Path) -> Series:
    """A recording of SKAB."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    names = [name for name in rows[0] if name not in _LABELS]
    return Series(
        [datetime.fromisoformat(row["datetime"]).replace(tzinfo=UTC) for row in rows],
        {name.replace(" ", "-").lower(): [float(row[name]) for row in rows] for name in names},
        [float(row["anomaly"]) > 0 for row in rows],
    )


def chosen(series: Series) -> list[Rule]:
    """The rules that together have the best F1 by rows: the best one, and what improves it.

    Limits are ranked row by row first; of the best ones it is tried how long they have to hold.
    """
    ranked = sorted(candidates(series), key=lambda one: -_f1(one.beyond, series.labelled))
    variants: list[Rule] = [
        {"when": one.when, "for": f"{hold_s}s", "keep_firing_for": f"{keep_s}s"}
        for one in ranked[:FINALISTS]
        for hold_s in HOLDS_S
        for keep_s in KEEPS_S
    ]
    spans = firing(series, variants)
    best: list[int] = []
    while len(best) < MOST_RULES:
        tried = {
            place: score(series, [spans[one] for one in (*best, place)]).row_f1
            for place in range(len(variants))
        }
        place = max(tried, key=lambda one: tried[one])
        if best and tried[place] <= score(series, [spans[one] for one in best]).row_f1:
            break
        best.append(place)
    return [variants[place] for place in best]


@dataclass(frozen=True)
class Candidate:
    """A condition, and the rows at which it is so."""

    when: Mapping[str, Any]
    beyond: Sequence[bool]


def candidates(series: Series) -> list[Candidate]:
    """Thresholds, rates and deviations of each tag, with limits out of its own values."""
    step = series.step
    return [
        one
        for tag, values in series.values.items()
        for one in (*_thresholds(tag, values), *_rates(tag, values, step), *_off(tag, values))
    ]


def firing(series: Series, rules: Sequence[Rule]) -> list[list[Span]]:
    """When each of these rules fires, by the engine that would raise its alerts."""
    plant, engine = _plant(series, rules), RulesEngine()
    frames = [_frame(series, row, plant.version) for row in range(len(series.at))]
    done = engine.advance(engine.load(f"|{PATH}", {}), frames, plant)
    end = series.at[-1] + series.step
    open_since: dict[str, datetime] = {}
    found: dict[str, list[Span]] = {_name(place): [] for place in range(len(rules))}
    for one in sorted(_transitions(done.outputs), key=lambda one: one.at):
        name = one.labels["alertname"]
        if one.state == "firing":
            open_since.setdefault(name, one.at)
        elif one.state == "resolved" and name in open_since:
            found[name].append((open_since.pop(name), one.at))
    for name, since in open_since.items():
        found[name].append((since, end))
    return list(found.values())


def score(series: Series, spans: Sequence[Sequence[Span]]) -> Score:
    """What these rules say together, against the labels."""
    alerts = [one for each in spans for one in each]
    anomalies = series.anomalies
    rows = [any(start <= at < end for start, end in alerts) for at in series.at]
    return Score(
        alerts=len(alerts),
        true_alerts=sum(any(_overlap(one, other) for other in anomalies) for one in alerts),
        anomalies=len(anomalies),
        found=sum(any(_overlap(one, other) for other in alerts) for one in anomalies),
        hits=sum(fired and labelled for fired, labelled in zip(rows, series.labelled, strict=True)),
        fired=sum(rows),
        labelled=sum(series.labelled),
        rows=len(rows),
    )


def _thresholds(tag: str, values: Sequence[float]) -> Iterator[Candidate]:
    return _limits({"tag": tag}, values, rows=len(values))


def _rates(tag: str, values: Sequence[float], step: timedelta) -> Iterator[Candidate]:
    for span_s in RATE_SPANS_S:
        back = round(span_s / step.total_seconds())
        if back >= len(values):
            continue
        changes = [now - then for then, now in zip(values, values[back:], strict=False)]
        yield from _limits({"rate_of": tag, "per": f"{span_s}s"}, changes, rows=len(values))


def _off(tag: str, values: Sequence[float]) -> Iterator[Candidate]:
    middle = median(values)
    off = [abs(value - middle) for value in values]
    for by in {_quantile(off, share) for share in HIGH} - {0.0}:
        when = {"deviation_of": tag, "target": middle, "by": by}
        yield Candidate(when, [value > by for value in off])


def _limits(what: Mapping[str, Any], values: Sequence[float], rows: int) -> Iterator[Candidate]:
    """Of the last rows there are values; of the others nothing is known."""
    unknown = [False] * (rows - len(values))
    for share in LOW:
        limit = _quantile(values, share)
        yield Candidate({**what, "below": limit}, [*unknown, *(one < limit for one in values)])
    for share in HIGH:
        limit = _quantile(values, share)
        yield Candidate({**what, "above": limit}, [*unknown, *(one > limit for one in values)])


def _f1(fired: Sequence[bool], labelled: Sequence[bool]) -> float:
    hits = sum(one and other for one, other in zip(fired, labelled, strict=True))
    return _share(2 * hits, sum(fired) + sum(labelled))


def _quantile(values: Iterable[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def _plant(series: Series, rules: Sequence[Rule]) -> PlantFile:
    common = {"severity": "warning", "flapping": 0, "summary": "it is beyond"}
    tags = [{"name": name, "node": f"ns=2;s={name}"} for name in series.values]
    told = {
        **_PLANT,
        "equipment": [{**_PLACE, "tags": tags}],
        "alert_rules": [
            {"alert": _name(place), **rule, **common} for place, rule in enumerate(rules)
        ],
    }
    return load_plant(json.dumps(told), "bench.yaml")


def _name(place: int) -> str:
    return f"rule_{place}"


def _frame(series: Series, row: int, version: str) -> TelemetryFrame:
    at = series.at[row]
    return TelemetryFrame(
        id=EventId(source="bench", epoch="e", seq=row),
        plant_version=version,
        source_time=at,
        ingest_time=at,
        equipment=PATH,
        columns=[
            Column(tag=name, unit="", offset_ms=[0], numbers=[values[row]])
            for name, values in series.values.items()
        ],
    )


def _transitions(outputs: Iterable[Any]) -> Iterator[AlertTransition]:
    for one in outputs:
        if isinstance(one.record, AlertTransition):
            yield one.record


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
