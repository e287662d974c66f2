"""B-1 of the quality story with all its facts, and B-7, its twin on other equipment."""

import re
from datetime import date, timedelta
from typing import Any

from pydantic import BaseModel

from plantstream.runtime.ports import TopicPartition
from schemas.acts import BatchHeld, HoldReleased
from schemas.cycles import BatchCycle, CycleCell
from schemas.kpi import OeeReport, Quantities, TimeElements
from schemas.machine import BatchStarted, TimeCategory
from schemas.stops import Stop
from schemas.topics import KPI, MACHINE, OPERATOR, Topic
from sinks.timescale.writer import TimescaleSink
from tests.sinks import alert_story, quality_story
from tests.sinks.alert_story import SITE, at
from tests.sinks.doubles import NOW
from tests.sinks.records import batch, cell, envelope, of_site

IN_TEN_YEARS = NOW + timedelta(days=3653)
OF_B1 = {"s1", "s2", "s3", "s4", "s9", "s10", "s12", "s13"}
REACTOR = f"{SITE}/process/one/reactor"
NAMED: dict[str, Any] = {"product": "CREAM", "day": date(2026, 3, 2), "equipment": REACTOR}
NO_TIME = dict.fromkeys(TimeElements.model_fields, 0)
NO_PARTS = dict.fromkeys(Quantities.model_fields, 0)


def facts_of(name: str) -> dict[Topic, list[BaseModel]]:
    """What the reactor's engine says of the batch of this name."""
    of_reactor: dict[str, Any] = {"equipment": REACTOR, "plant_version": "v1"}
    hour: dict[str, Any] = {
        "cycles": 1,
        "total_ms": 9,
        "squares_ms2": 81,
        "shortest_ms": 9,
        "longest_ms": 9,
    }
    report = OeeReport(
        **of_reactor,
        kind="batch",
        window=name,
        start=at(-3600),
        end=at(3600),
        final=True,
        time=TimeElements(**NO_TIME),
        quantities=Quantities(**NO_PARTS),
    )
    stop = Stop(plant_version="v1", batch=name, start=at(60), end=at(120), **NAMED,
                category=TimeCategory.UNPLANNED_STOP)  # fmt: skip
    cycles = CycleCell(plant_version="v1", hour=at(0), batch=name, **NAMED, **hour, slow=0)
    made = BatchCycle(**of_reactor, batch=name, product="CREAM", start=at(-3600), end=at(3600))
    started = BatchStarted(**envelope(0, at=at(-3600)) | {"equipment": REACTOR}, batch=name)
    return {
        KPI: [cell(batch=name, running_ms=60_000, **NAMED), report, stop, cycles, made],
        MACHINE: [started],
    }


STORY: dict[Topic, list[BaseModel]] = {
    topic: [one for one in values if isinstance(one, BaseModel)]
    for topic, values in quality_story.STORY.items()
} | facts_of("B-1")


def twin(one: BaseModel) -> BaseModel:
    """The same of B-7."""
    text = one.model_dump_json()
    for was, is_now in (
        ("B-1", "B-7"),
        (r'([|"])s(\d+)"', r'\1t\2"'),
        ('"late"', '"late-7"'),
        ('"e1"', '"e7"'),
        ("/reactor", "/vessel"),
        ("/mixer", "/blender"),
    ):
        text = re.sub(was, is_now, text)
    return type(one).model_validate_json(text)


def is_of_b1(one: BaseModel) -> bool:
    return "B-1" in one.model_dump_json() or getattr(one, "statement", "") in OF_B1


async def tell(sink: TimescaleSink) -> None:
    """Store alerts, quality and figures, without the twin."""
    await alert_story.tell(sink)
    for topic, values in STORY.items():
        await sink.write(batch(topic, [*values]))


async def tell_twin(sink: TimescaleSink) -> None:
    """Store what is known of B-7."""
    for topic, values in STORY.items():
        twins: list[BaseModel | bytes] = [twin(one) for one in values if is_of_b1(one)]
        if twins:
            begin = None if topic is MACHINE else len(values)
            await sink.write(batch(topic, twins, begin=begin))


class Acts:
    """What people say of holds, and where the log ends that brings it."""

    def __init__(self, sink: TimescaleSink) -> None:
        self._sink, self.end = sink, len(alert_story.STORY[OPERATOR])

    async def say(self, act: BaseModel) -> None:
        """Write it, and store it."""
        await self._sink.write(batch(OPERATOR, [act], begin=self.end))
        self.end += 1

    async def ends(self) -> dict[TopicPartition, int]:
        """As the broker would answer."""
        return {TopicPartition(OPERATOR.name, 0): self.end}


def held(seq: int, name: str = "B-1") -> BatchHeld:
    said = of_site(seq, NOW) | {"by": "ana", "statement": f"h{seq}"}
    return BatchHeld(**said, batch=name, reason="a complaint")


def released(seq: int, hold: str, name: str = "B-1") -> HoldReleased:
    said = of_site(seq, NOW) | {"by": "ben", "statement": f"r{seq}"}
    return HoldReleased(**said, hold=hold, batch=name, reason="answered")
