"""Tables of quality: results as they are judged, rates, deviations, releases, answers. Pure."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from schemas.lab import BatchMade, DeviationAction, SignedRecord
from schemas.quality import (
    BatchRelease,
    CapabilityReport,
    ComplianceReport,
    Deviation,
    LabAnswer,
    QualityRecord,
    TestJudged,
)
from sinks.timescale.table import Row, Table, columns, storable_json


def _judged(judged: TestJudged) -> Row:
    return (
        *_product(judged),
        *(judged.result, judged.statement, judged.test, judged.batch, judged.sample, judged.area),
        *(judged.outcome, judged.because, judged.text, judged.comparator, judged.unit),
        *(judged.at, judged.stated_at, judged.revision, judged.number),
    )


def _compliance(report: ComplianceReport) -> Row:
    return (
        *_product(report),
        *(report.window, report.batch or "", report.area or "", report.test or ""),
        *(report.start, report.end),
        *(report.within, report.judged, report.batches_within, report.batches_judged),
        *(report.revision, report.compliance_rate, report.batch_compliance),
    )


def _capability(report: CapabilityReport) -> Row:
    return (
        *_product(report),
        *(report.test, report.chart, report.unit),
        *(report.start, report.end, report.results),
        *(report.lower, report.upper, report.mean, report.within_sigma, report.overall_sigma),
        *(report.cp, report.cpk, report.cpk_lower, report.cpk_upper, report.pp, report.ppk),
    )


def _deviation(found: Deviation) -> Row:
    excursion = found.excursion
    about = [None] * len(_OF_EXCURSION)
    if excursion is not None:
        about = [getattr(excursion, name) for name in _OF_EXCURSION]
    return (
        *_product(found),
        *(found.deviation, found.cause, found.severity, found.state, found.batch, found.test),
        *(found.result, found.because, found.by, found.reason, found.area),
        *(found.opened_at, found.changed_at, found.closed_at),
        *(found.recurrence, found.withdrawn),
        *about,
    )


def _step(step: DeviationAction) -> Row:
    return (
        *(step.run, step.site, step.product, step.plant_version, step.statement, step.deviation),
        *(step.action, step.reason, step.by, step.id.source, step.id.epoch),
        *(step.source_time, step.ingest_time, step.id.seq),
        storable_json(step.model_dump_json(exclude_none=True)),
    )


def _release(told: BatchRelease) -> Row:
    return (
        *_product(told),
        *(told.batch, told.disposition, told.disposed_by),
        *(told.started_at, told.ended_at, told.disposed_at),
        *(told.expected, told.judged, told.failed, told.open_deviations, told.release_time_h),
        *(_json(told.pending), _json(told.overdue)),
    )


def _answer(answer: LabAnswer) -> Row:
    objections = [one.model_dump() for one in answer.objections]
    return (
        *_product(answer),
        *(answer.statement, str(answer.event), answer.by, answer.answer, answer.at),
        _json(objections),
    )


def _made(made: BatchMade) -> Row:
    return (
        *(made.run, made.site, made.product, made.plant_version, made.equipment, made.batch),
        *(made.start, made.end, made.withdrawn),
    )


def _signed(said: SignedRecord) -> Row:
    signature = said.signature
    if signature is None:
        raise ValueError(f"{said.statement} is not signed")
    return (
        *(said.run, said.site, said.product, said.plant_version, said.statement, said.act),
        *(getattr(said, "batch", None), getattr(said, "deviation", None)),
        *(signature.id, signature.name, signature.login, signature.local_time),
        *(signature.time_zone, signature.meaning, signature.content_sha256),
        *(signature.key, signature.seal, signature.at, said.ingest_time),
        _json(signature.roles),
    )


def _where_signed(said: SignedRecord) -> tuple[SignedRecord, ...]:
    return () if said.signature is None else (said,)


def _product(record: QualityRecord) -> tuple[str, str, str, str]:
    return record.run, record.site, record.product, record.plant_version


def _json(value: Sequence[Any]) -> str:
    return storable_json(json.dumps(value))


_OF_EXCURSION = ("rule", "equipment", "tag", "unit", "start", "end", "worst", "limit")
_PRODUCT = "run site product plant_version"
_JUDGED = columns(
    text=f"{_PRODUCT} result statement test batch sample area outcome because text comparator unit",
    timestamptz="at stated_at",
    bigint="revision",
    float8="number",
)
_OF_PRODUCT = ("run", "site", "product")

JUDGED = Table("judged_result", _JUDGED, _judged, key=(*_OF_PRODUCT, "result"), replaces=True)
VERDICTS = Table(
    "judged_version", _JUDGED, _judged, key=(*_OF_PRODUCT, "result", "statement"), replaces=True
)
COMPLIANCE = Table(
    "compliance_report",
    columns(
        text=f"{_PRODUCT} window batch area test",
        timestamptz="start end",
        bigint="within judged batches_within batches_judged revision",
        float8="compliance_rate batch_compliance",
    ),
    _compliance,
    key=(*_OF_PRODUCT, "window", "batch", "area", "test"),
    replaces=True,
)
CAPABILITY = Table(
    "capability_report",
    columns(
        text=f"{_PRODUCT} test chart unit",
        timestamptz="start end",
        bigint="results",
        float8=(
            "lower_limit upper_limit mean within_sigma overall_sigma"
            " cp cpk cpk_lower cpk_upper pp ppk"
        ),
    ),
    _capability,
    key=(*_OF_PRODUCT, "test"),
    replaces=True,
)
DEVIATIONS = Table(
    "deviation",
    columns(
        text=(
            f"{_PRODUCT} deviation cause severity state batch test result because done_by reason"
            " area"
        ),
        timestamptz="opened_at changed_at closed_at",
        bigint="recurrence",
        boolean="withdrawn",
    )
    | columns(
        text="rule equipment tag unit",
        timestamptz="excursion_start excursion_end",
        float8="worst limit_value",
    ),
    _deviation,
    key=("deviation",),
    replaces=True,
)
STEPS = Table(
    "deviation_action",
    columns(
        text=f"{_PRODUCT} statement deviation action reason stated_by source epoch",
        timestamptz="time ingest_time",
        bigint="seq",
        jsonb="act",
    ),
    _step,
)
RELEASES = Table(
    "batch_progress",
    columns(
        text=f"{_PRODUCT} batch disposition disposed_by",
        timestamptz="started_at ended_at disposed_at",
        bigint="expected judged failed open_deviations",
        float8="release_time_h",
        jsonb="pending overdue",
    ),
    _release,
    key=(*_OF_PRODUCT, "batch"),
    replaces=True,
)
ANSWERS = Table(
    "lab_answer",
    columns(
        text=f"{_PRODUCT} statement event stated_by answer",
        timestamptz="at",
        jsonb="objections",
    ),
    _answer,
    key=("run", "statement"),
    replaces=True,
)
MADE = Table(
    "batch_made",
    columns(text=f"{_PRODUCT} equipment batch", timestamptz="start end", boolean="withdrawn"),
    _made,
    key=(*_OF_PRODUCT, "equipment", "batch", "start"),
    replaces=True,
)
SIGNATURES = Table(
    "signature",
    columns(
        text=(
            f"{_PRODUCT} statement act batch deviation signature_id printed_name login local_time"
            " time_zone meaning content_sha256 key seal"
        ),
        timestamptz="signed_at stated_at",
        jsonb="roles",
    ),
    _signed,
    key=("run", "statement"),
    replaces=True,
    each=_where_signed,
)

QUALITIES: Mapping[type, tuple[Table, ...]] = {
    TestJudged: (JUDGED, VERDICTS),
    ComplianceReport: (COMPLIANCE,),
    CapabilityReport: (CAPABILITY,),
    Deviation: (DEVIATIONS,),
    DeviationAction: (STEPS, SIGNATURES),
    BatchRelease: (RELEASES,),
    LabAnswer: (ANSWERS,),
    BatchMade: (MADE,),
}
"""Where each record about quality is stored."""
