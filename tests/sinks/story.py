"""A line's early shift, as it is stored: two machines, reasons, reports, and two late events.

The press lost most, by breakdowns, most of it for a jam. After the shift was reported ana found 200
bad tablets, and luis said that 25 minutes of the stop had been a drill.
"""

from datetime import date, timedelta
from typing import Any

from pydantic import BaseModel

from processors.ratios import ratios
from schemas.kpi import OeeCell, OeeReport, Quantities, ReasonTime, StopCounts, TimeElements
from schemas.machine import TimeCategory
from schemas.manual import PartsReported, StopReasonGiven
from schemas.model import PlantPublished
from schemas.record import EventId
from schemas.stops import Stop
from schemas.topics import KPI, MACHINE, MODEL, Topic
from sinks.timescale.writer import TimescaleSink
from tests.sinks.doubles import NOW
from tests.sinks.records import PRESS, batch, cell

PACKER = "acme/north/hall/one/packer"
SHIFT = "2026-03-02/early"
NAMED: dict[str, Any] = {"shift": SHIFT, "day": date(2026, 3, 2), "batch": "B-7", "product": "T"}
MINUTE = 60_000
END = NOW + timedelta(hours=8)
BAD = EventId(source="lab", epoch="e1", seq=4)
DRILL = EventId(source="lab", epoch="e1", seq=5)

FILE = """
enterprise: acme
site: north
name: A small plant
time_zone: UTC
calendars:
  weekly: {shifts: [{name: early, start: "06:00", end: "14:00"}]}
equipment:
  - {id: press, area: hall, line: one, calendar: weekly}
  - {id: packer, area: hall, line: one, calendar: weekly}
lines:
  one: {name: Tablets, constraint: press}
"""


def because(category: str, reason: str, minutes: int) -> ReasonTime:
    return ReasonTime(category=TimeCategory(category), reason=reason, ms=minutes * MINUTE)


def made(good: int, scrap: int, startup: int = 0) -> dict[str, Any]:
    """Parts of an ideal cycle of a second."""
    return {
        "good": good,
        "scrap": scrap,
        "startup_scrap": startup,
        "ideal_us": (good + scrap) * 1_000_000,
        "ideal_good_us": good * 1_000_000,
        "ideal_startup_us": startup * 1_000_000,
    }


PRESS_SHIFT = cell(
    **NAMED,
    **made(15_000, 300, startup=100),
    end=END,
    running_ms=300 * MINUTE,
    unplanned_stop_ms=60 * MINUTE,
    delay_ms=20 * MINUTE,
    setup_ms=30 * MINUTE,
    minor_stop_ms=10 * MINUTE,
    planned_stop_ms=60 * MINUTE,
    breakdowns=4,
    delays=1,
    setups=1,
    minor_stops=12,
    planned_stops=2,
    reasons=(because("unplanned_stop", "jam", 35), because("planned_stop", "break", 60)),
)
PACKER_SHIFT = cell(
    **NAMED,
    **made(20_000, 0),
    end=END,
    equipment=PACKER,
    running_ms=390 * MINUTE,
    delay_ms=30 * MINUTE,
    planned_stop_ms=60 * MINUTE,
    delays=3,
    planned_stops=2,
    reasons=(because("delay", "starved", 30), because("planned_stop", "break", 60)),
)
FOUND_BAD = cell(9, **NAMED, good=-200, scrap=200, ideal_good_us=-200 * 1_000_000, late=BAD)
WAS_A_DRILL = cell(
    9,
    **NAMED,
    unplanned_stop_ms=-25 * MINUTE,
    planned_stop_ms=25 * MINUTE,
    breakdowns=-1,
    planned_stops=1,
    reasons=(because("planned_stop", "drill", 25),),
    late=DRILL,
)


def stop(minute: int, minutes: int, category: str, reason: str | None, equipment: str = PRESS):
    at = NOW + timedelta(minutes=minute)
    return Stop(
        plant_version="v1",
        equipment=equipment,
        start=at,
        end=at + timedelta(minutes=minutes),
        category=TimeCategory(category),
        reason=reason,
        **NAMED,
    )


STOPS = [
    *(stop(minute, 10, "unplanned_stop", "jam") for minute in (10, 40, 70)),
    stop(100, 25, "planned_stop", "drill"),
    stop(200, 20, "delay", None),
    *(stop(minute, 10, "delay", "starved", PACKER) for minute in (20, 50, 80)),
]


def report(revision: int, cause: EventId | None, *cells: OeeCell) -> OeeReport:
    """The report of the shift as it stood with these cells."""
    time = _sum(TimeElements, [one.time for one in cells])
    quantities = _sum(Quantities, [one.quantities for one in cells])
    found = ratios(time, quantities)
    return OeeReport(
        plant_version="v1",
        equipment=cells[0].equipment,
        kind="shift",
        window=SHIFT,
        start=NOW,
        end=END,
        final=True,
        revision=revision,
        cause=cause,
        time=time,
        quantities=quantities,
        stops=_sum(StopCounts, [one.stops for one in cells]),
        availability=found.availability,
        effectiveness=found.effectiveness,
        quality_ratio=found.quality_ratio,
        oee=found.oee,
    )


def _sum(kind: Any, parts: list[Any]) -> Any:
    names = kind.model_fields
    return kind(**{name: sum(getattr(part, name) for part in parts) for name in names})


REPORTS = [
    report(0, None, PRESS_SHIFT),
    report(1, BAD, PRESS_SHIFT, FOUND_BAD),
    report(2, DRILL, PRESS_SHIFT, FOUND_BAD, WAS_A_DRILL),
    report(0, None, PACKER_SHIFT),
]


def said(event: EventId, minute: int, told_hour: int) -> dict[str, Any]:
    return {
        "id": event,
        "plant_version": "v1",
        "source_time": NOW + timedelta(minutes=minute),
        "ingest_time": NOW + timedelta(hours=told_hour),
        "equipment": PRESS,
        "statement": str(event.seq),
    }


STATEMENTS = [
    PartsReported(**said(BAD, 9, 9), by="ana", good=-200, scrap=200, reason="crack"),
    StopReasonGiven(**said(DRILL, 110, 10), by="luis", reason="drill", comment="fire drill"),
]
PUBLISHED = PlantPublished(
    site="acme/north", plant_version="v1", file="p.yaml", text=FILE, published_at=NOW, number=1
)


async def tell(sink: TimescaleSink) -> None:
    """Store the story."""
    cells = [PRESS_SHIFT, PACKER_SHIFT, FOUND_BAD, WAS_A_DRILL]
    topics: dict[Topic, list[BaseModel | bytes]] = {
        MODEL: [PUBLISHED],
        MACHINE: [*STATEMENTS],
        KPI: [*cells, *STOPS, *REPORTS],
    }
    for topic, values in topics.items():
        await sink.write(batch(topic, values))
