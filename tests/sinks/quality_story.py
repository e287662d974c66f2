"""Two days of a laboratory, as they are stored; the figures of the tests are computed by hand.

Batch B-1 was made on Monday in the reactor, which was too hot meanwhile (see alert_story), and in
the mixer, which leaked the moment it was done. Its pH was out of specification by a typing error:
ana corrected it, ben looked into it, cai closed it, and dan released the batch two hours after its
end; ana, who had tested it, was not allowed to. Of B-2, which is still made, the pH is too high,
and a second value of that sample was refused. Water was measured with a broken probe. B-3 waits for
all its tests, and one of them is missed; it was too warm at the press that made it. B-9 is of
another product.
"""

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel

from plantstream.runtime.signing_key import SigningKey
from schemas.lab import BatchMade, DeviationAction, Disposition, Excursion, TestResult
from schemas.model import PlantPublished
from schemas.quality import (
    BatchRelease,
    CapabilityReport,
    ComplianceReport,
    Deviation,
    DeviationExcursion,
    LabAnswer,
    Objection,
    TestJudged,
)
from schemas.record import EventId
from schemas.signature import Signature
from schemas.topics import LAB, LAB_ANSWER, MODEL, QUALITY, Topic
from sinks.timescale.writer import TimescaleSink
from tests.sinks.alert_story import SITE, TUESDAY, at
from tests.sinks.records import batch, of_site

PRODUCT = "CREAM"
OF_CREAM: dict[str, Any] = {"site": SITE, "product": PRODUCT, "plant_version": "v1"}
END = TUESDAY + 10_800
DAY = 24 * 3600
FILE = """
enterprise: acme
site: north
name: A plant with a laboratory
time_zone: America/Mexico_City
calendars:
  daily: {shifts: [{name: day, days: all, start: "06:00", end: "14:00"}]}
equipment:
  - {id: reactor, area: process, line: one, calendar: daily}
products:
  - {id: CREAM, tests: [{id: ph, unit: pH}, {id: micro, kind: text}, {id: assay, unit: "%"}]}
specifications:
  - {products: [CREAM], test: ph, from: 2026-01-01, unit: pH, limits: {lower: 4.5, upper: 7.5}}
  - {products: [CREAM], test: ph, from: "2026-03-01 22:30", unit: pH, area: finished,
     limits: {lower: 5, upper: 7}, sampling: {per_batch: 1}, turnaround: 2d, severity: minor}
  - {products: [CREAM], test: micro, from: 2026-01-01, accepted: [absent], sampling: {per_batch: 1}}
quality: {minimum_results: 2, areas: {finished: {}}}
"""
PUBLISHED = PlantPublished(
    site=SITE, plant_version="v1", file="p.yaml", text=FILE, published_at=at(0), number=1
)
SEALS = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
"""The key of the edge where people sign; the plant file does not have its public half."""


def signed(second: float) -> Signature:
    """By Dan Ek, that it is released."""
    signature = Signature(
        id="signed-by-dan",
        login="dan",
        name="Dan Ek",
        roles=("qa", "release"),
        at=at(second),
        local_time="2026-03-02T03:59:50-06:00",
        time_zone="America/Mexico_City",
        meaning="released",
        content_sha256="ab" * 32,
        key=SEALS.verifying.id,
    )
    return signature.model_copy(update={"seal": SEALS.sign(signature.sealed())})


def stated(seq: int, second: float, by: str) -> dict[str, Any]:
    return of_site(seq, at(second)) | {"product": PRODUCT, "by": by, "statement": f"s{seq}"}


def result(seq: int, second: float, test: str, value: float | str, **said: Any) -> TestResult:
    name = "text" if isinstance(value, str) else "number"
    fields = stated(seq, second, "ana") | {"test": test, name: value, "method": "M-1"}
    return TestResult(**fields | said)


OF_B1: dict[str, Any] = {"batch": "B-1", "sample": "S-1", "unit": "pH", "sample_time": at(7000)}
OF_B2: dict[str, Any] = {"batch": "B-2", "sample": "S-2", "unit": "pH"}
OF_WATER: dict[str, Any] = {"sample": "W-1", "unit": "pH"}
RESULTS = [
    result(1, 10_800, "ph", 7.4, **OF_B1),
    result(2, 10_860, "micro", "Absent", batch="B-1", sample="S-1", analyst="eva"),
    result(3, 10_900, "assay", 99.5, batch="B-1", sample="S-1", unit="%"),
    result(4, 11_000, "ph", 6.4, **OF_B1, revision=2, corrects="s1", reason="typing error"),
    result(5, 12_000, "ph", 6.0, **OF_WATER, sample_time=at(-7200)),
    result(
        6, 12_600, "ph", 6.0, **OF_WATER, revision=2, corrects="s5", invalid=True, reason="probe"
    ),
    result(7, TUESDAY + 3600, "ph", 7.2, **OF_B2),
    result(8, TUESDAY + 3660, "ph", 7.1, **OF_B2, comparator=">"),
]
INVESTIGATED: dict[str, Any] = {"action": "investigate", "reason": "typed by hand"}
OPENED_BY_B1 = f"|{SITE}|{PRODUCT}|deviation|out_of_specification|s1"
OPENED_BY_B2 = f"|{SITE}|{PRODUCT}|deviation|out_of_specification|s7"
STATEMENTS = [
    *RESULTS,
    DeviationAction(**stated(9, 11_400, "ben"), **INVESTIGATED, deviation=OPENED_BY_B1),
    DeviationAction(
        **stated(10, 12_700, "cai"), action="close", reason="corrected", deviation=OPENED_BY_B1
    ),
    DeviationAction(
        **stated(11, TUESDAY + 4000, "ben"),
        **INVESTIGATED | {"reason": "the pump?"},
        deviation=OPENED_BY_B2,
    ),
    Disposition(**stated(12, 13_000, "ana"), batch="B-1", decision="release"),
    Disposition(
        **stated(13, 14_400, "dan"), batch="B-1", decision="release", signature=signed(14_390)
    ),
]


def made(batch: str, machine: str, begin: float, end: float | None, **said: Any) -> BatchMade:
    fields = {"equipment": f"{SITE}/process/one/{machine}", "batch": batch, "start": at(begin)}
    return BatchMade(**OF_CREAM | fields | {"end": None if end is None else at(end)} | said)


MAKINGS = [
    made("B-1", "reactor", -3600, None),
    made("B-1", "reactor", -3600, 3600),
    made("B-1", "mixer", 3600, 7200),
    made("B-2", "reactor", TUESDAY - 3600, None),
    made("B-3", "press", 4000, 7200),
    made("B-9", "press", 0, 600, withdrawn=True),
]


def warm(second: float, worst: float, **said: Any) -> Excursion:
    """At the press it was warmer than 30 °C, from 4200 on."""
    place = f"{SITE}/process/one/press"
    fields = {"rule": "PressTooWarm", "fingerprint": "warm", "equipment": place, "concerns": place}
    fields |= {"severity": "major", "area": "room", "tag": "temperature", "unit": "°C"}
    numbers = {"worst": worst, "limit": 30.0}
    times = {"start": at(4200), "fired_at": at(4500), "at": at(second)}
    return Excursion.model_validate(OF_CREAM | fields | numbers | times | said)


EXCURSIONS = [warm(4500, 31.0), warm(6000, 33.5, end=at(6000))]


def judged(first: int, newest: int, second: float, outcome: str | None, **said: Any) -> TestJudged:
    """What the result comes to that was stated first as `first`; `second` is when it was tested."""
    version = RESULTS[newest - 1]
    fields = version.model_dump(include={"test", "batch", "sample", "number", "text", "unit"})
    names = {"result": f"s{first}", "statement": f"s{newest}", "revision": 1 + (newest > first)}
    times = {"at": at(second), "stated_at": version.source_time}
    area = "finished" if version.test == "ph" and version.sample != "W-1" else None
    return TestJudged(
        **OF_CREAM | fields | names | times | {"area": area, "outcome": outcome} | said
    )


JUDGED = [
    judged(1, 1, 10_800, "fail", because="above 7"),
    judged(2, 2, 10_860, "pass"),
    judged(3, 3, 10_900, None),
    judged(1, 4, 10_800, "pass"),
    judged(5, 5, 12_000, "pass"),
    judged(5, 6, 12_000, "invalid", because="declared invalid"),
    judged(7, 7, TUESDAY + 3600, "fail", because="above 7"),
]


def report(window: str, within: int, number: int, revision: int, **said: Any) -> ComplianceReport:
    """A report with its rate, which a window of time has from two results on."""
    least = 1 if window == "batch" else 2
    end = said.pop("until", TUESDAY + 3600)
    days = {"24h": 1, "30d": 30}.get(window, 0)
    fields: dict[str, Any] = {
        "window": window,
        "start": at(end - days * DAY),
        "end": at(end),
        "within": within,
        "judged": number,
        "compliance_rate": within / number if number >= least else None,
        "revision": revision,
    }
    return ComplianceReport(**OF_CREAM | fields | said)


OF_REPORT_1: dict[str, Any] = {"batch": "B-1", "start": at(-3600), "end": at(7200)}
OF_REPORT_2: dict[str, Any] = {
    "batch": "B-2",
    "start": at(TUESDAY - 3600),
    "end": at(TUESDAY + 3600),
}
BATCHES: dict[str, Any] = {"batches_within": 1, "batches_judged": 1, "batch_compliance": 1.0}
REPORTS = [
    report("batch", 1, 2, 0, **OF_REPORT_1, batches_judged=1, batch_compliance=0.0),
    report("batch", 2, 2, 1, **OF_REPORT_1, batches_within=1, batches_judged=1, batch_compliance=1),
    report("batch", 0, 1, 0, **OF_REPORT_2),
    report("24h", 1, 2, 0, **BATCHES, until=END),
    report("30d", 2, 3, 1, **BATCHES),
    report("30d", 1, 2, 1, area="finished"),
    report("30d", 1, 1, 0, test="micro", until=10_860),
]


CAPABLE = CapabilityReport(
    **OF_CREAM,
    test="ph",
    start=at(-600),
    end=at(7200),
    results=25,
    unit="pH",
    lower=5.0,
    upper=7.0,
    mean=6.1,
    within_sigma=0.1,
    overall_sigma=0.2,
    cp=3.33,
    cpk=3.0,
    cpk_lower=2.1,
    cpk_upper=3.9,
    pp=1.67,
    ppk=1.5,
)


def deviation(id: str, batch: str, opened: float, changed: float, **said: Any) -> Deviation:
    fields: dict[str, Any] = {
        "deviation": id,
        "batch": batch,
        "cause": "out_of_specification",
        "severity": "minor",
        "test": "ph",
        "area": "finished",
        "because": "above 7",
        "opened_at": at(opened),
        "changed_at": at(changed),
    }
    return Deviation(**OF_CREAM | fields | said)


BY_BEN: dict[str, Any] = {"state": "investigating", "by": "ben", "reason": "typed by hand"}
CLOSED: dict[str, Any] = {
    "state": "closed",
    "by": "cai",
    "reason": "corrected",
    "closed_at": at(12_700),
}
BY_B2: dict[str, Any] = {"recurrence": 1, "result": "s7"}
MISSED: dict[str, Any] = {"cause": "missed_test", "test": "micro", "severity": "major"}
MISSED |= {"area": None}
MISSED_BY_B3 = f"|{SITE}|{PRODUCT}|deviation|missed_test|B-3|micro|1"
NOT_THERE = "required result 1 was not there in time"
WARM: dict[str, Any] = {"cause": "excursion", "test": None, "severity": "major", "area": "room"}
WARM |= {"because": "temperature above 30 °C", "age_days": 1}
WARM_AT_B3 = f"|{SITE}|{PRODUCT}|deviation|excursion|B-3|warm|{at(4200).isoformat()}"


def excursion_of(told: Excursion) -> DeviationExcursion:
    """As its deviation has it."""
    names = ("rule", "equipment", "tag", "start", "end", "worst", "limit", "unit")
    lasted = None if told.end is None else (told.end - told.start).total_seconds()
    fields = {name: getattr(told, name) for name in names}
    return DeviationExcursion(**fields, duration_s=lasted)


DEVIATIONS = [
    deviation(OPENED_BY_B1, "B-1", 10_800, 10_800, result="s1"),
    deviation(OPENED_BY_B1, "B-1", 10_800, 11_400, result="s1", **BY_BEN),
    deviation(OPENED_BY_B1, "B-1", 10_800, 12_700, result="s1", **CLOSED),
    deviation(OPENED_BY_B2, "B-2", TUESDAY + 3600, TUESDAY + 3600, **BY_B2),
    deviation(
        *(OPENED_BY_B2, "B-2", TUESDAY + 3600, TUESDAY + 4000),
        **BY_B2 | BY_BEN | {"reason": "the pump?"},
    ),
    deviation(MISSED_BY_B3, "B-3", TUESDAY + 7200, TUESDAY + 7200, **MISSED, because=NOT_THERE),
    deviation("late", "B-1", 9000, 9000, **MISSED),
    *(
        deviation(WARM_AT_B3, "B-3", 4500, 4500, **WARM, excursion=excursion_of(one))
        for one in EXCURSIONS
    ),
    deviation("late", "B-1", 9000, 9000, **MISSED, withdrawn=True),
]


def release(batch: str, begin: float, end: float | None, **said: Any) -> BatchRelease:
    fields = {"batch": batch, "started_at": at(begin), "ended_at": None if end is None else at(end)}
    return BatchRelease(**OF_CREAM | fields | said)


RELEASED: dict[str, Any] = {
    "disposition": "approved",
    "disposed_at": at(14_400),
    "disposed_by": "dan",
    "release_time_h": 2.0,
    "hours_since_end": 2,
}
WAITING: dict[str, Any] = {"expected": 2, "pending": ["micro", "ph"]}
RELEASES = [
    release("B-1", -3600, 7200, **WAITING),
    release("B-1", -3600, 7200, expected=2, judged=2, **RELEASED),
    release(
        "B-2",
        TUESDAY - 3600,
        None,
        expected=2,
        judged=1,
        failed=1,
        pending=["micro"],
        open_deviations=1,
    ),
    release(
        *("B-3", 4000, 7200),
        **WAITING | {"overdue": ["micro"], "open_deviations": 2, "hours_since_end": 25},
    ),
    release("B-9", 0, 600),
]


def answer(seq: int, *objections: tuple[str, str]) -> LabAnswer:
    """Accepted, or refused where there are objections."""
    said = next(one for one in STATEMENTS if one.statement == f"s{seq}")
    return LabAnswer(
        **OF_CREAM,
        statement=said.statement,
        event=EventId(source="edge", epoch="e1", seq=seq),
        by=said.by,
        at=said.ingest_time,
        answer="refused" if objections else "accepted",
        objections=tuple(Objection(field=field, reason=reason) for field, reason in objections),
    )


ANSWERS = [
    answer(2, ("batch", "no equipment has begun 'B-1'")),
    *(answer(seq) for seq in (1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 13)),
    answer(8, ("value", "another value was stated as s7: correct that one, or state a retest")),
    answer(12, ("by", "ana tested this batch and may not release it")),
]
STORY: dict[Topic, list[BaseModel | bytes]] = {
    MODEL: [PUBLISHED],
    LAB: [*STATEMENTS, *MAKINGS, *EXCURSIONS],
    QUALITY: [*JUDGED, *REPORTS, CAPABLE, *DEVIATIONS, *RELEASES],
    LAB_ANSWER: [*ANSWERS],
}


async def tell(sink: TimescaleSink, times: int = 1) -> None:
    """Store the story, so many times."""
    for topic, values in STORY.items():
        for turn in range(times):
            begin = turn * len(values) if turn else None
            await sink.write(batch(topic, values, begin=begin))
