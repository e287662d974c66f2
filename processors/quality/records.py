"""What is told: evaluations, figures and courses of deviations as records of their topics."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from processors.quality.deviations import Case, Course
from processors.quality.evaluation import Evaluation
from processors.quality.facts import Said, event_of, person_of
from processors.quality.judge import Verdict
from processors.quality.makings import Spell
from processors.quality.plan import QualityPlan
from processors.quality.results import Refusal, Result
from processors.quality.windows import LENGTHS, WHOLE, About, Figures, summed
from processors.ratios import ratio
from processors.rules.times import HOUR, MINUTE, instant
from schemas.audit import AuditEntry
from schemas.plant.quality import QualitySettings
from schemas.quality import (
    BatchRelease,
    CapabilityReport,
    ComplianceReport,
    Deviation,
    DeviationExcursion,
    LabAnswer,
    Objection,
    ReleaseState,
    TestJudged,
    Window,
)

Told = TestJudged | ComplianceReport | CapabilityReport | Deviation | BatchRelease | LabAnswer
Record = Told | AuditEntry
DAY, SECOND = 24 * HOUR, MINUTE // 60
_DISPOSED: dict[str, ReleaseState] = {
    "release": "approved",
    "conditional": "conditional",
    "reject": "rejected",
    "hold": "held",
}
_MOST = 200
"""Tests that are listed of a batch."""


class Owner(NamedTuple):
    """Of which product, in which run, under which plant file."""

    run: str
    plant_version: str
    site: str
    product: str

    @property
    def fields(self) -> dict[str, Any]:
        """As the records have them."""
        return self._asdict()


def judged(owner: Owner, result: Result, verdict: Verdict) -> TestJudged:
    """A result with its verdict."""
    newest = result.newest
    return TestJudged(
        **owner.fields,
        result=result.first.statement,
        statement=newest.statement,
        revision=result.versions,
        test=newest.test,
        batch=newest.batch,
        sample=newest.sample,
        area=result.area,
        at=instant(result.root.at),
        stated_at=instant(newest.at),
        outcome=verdict.outcome,
        because=verdict.because,
        number=newest.number,
        text=newest.text,
        comparator=newest.comparator,
        unit=newest.unit,
    )


def of_batch(owner: Owner, found: Evaluation, plan: QualityPlan) -> Iterator[ComplianceReport]:
    """How much of a batch complies."""
    dossier, entries = found.dossier, [entry for _, entry in found.entries()]
    if dossier.batch is None or not entries:
        return
    moments = [one.at for one in entries]
    span = (dossier.start, dossier.end or max(moments))
    for about, figures in summed(entries).items():
        yield report(owner, ("batch", dossier.batch, about), figures, span, plan.settings)


def report(
    owner: Owner,
    named: tuple[Window, str | None, About],
    figures: Figures,
    span: tuple[int | None, int],
    settings: QualitySettings,
) -> ComplianceReport:
    """The figures of a window with their rates; one of a batch needs no minimum number."""
    window, batch, (area, test) = named
    least = (1, 1) if batch else (settings.minimum_results, settings.minimum_batches)
    start, end = span
    rate, batches = (
        ratio(part, whole) if whole >= minimum else None
        for part, whole, minimum in (
            (figures.within, figures.judged, least[0]),
            (figures.batches_within, figures.batches_judged, least[1]),
        )
    )
    return ComplianceReport(
        **owner.fields,
        window=window,
        batch=batch,
        area=area,
        test=test,
        start=_instant(start),
        end=instant(end),
        within=figures.within,
        judged=figures.judged,
        compliance_rate=rate,
        batches_within=figures.batches_within,
        batches_judged=figures.batches_judged,
        batch_compliance=batches if (area, test) == WHOLE else None,
        revision=figures.corrections,
    )


def rolling(
    owner: Owner,
    window: Window,
    of: tuple[About, Figures],
    as_of: int,
    settings: QualitySettings,
) -> ComplianceReport:
    """The figures of a window that ends now."""
    about, figures = of
    span = (as_of - LENGTHS[window], as_of)
    return report(owner, (window, None, about), figures, span, settings)


def release(owner: Owner, found: Evaluation, open_deviations: int) -> BatchRelease | None:
    """How far the batch is; None of what is no batch."""
    dossier, progress, decision = found.dossier, found.progress, found.disposition
    if dossier.batch is None or not (dossier.makings or dossier.groups):
        return None
    pending = progress.pending
    overdue = {one.test for one in pending if one.due is not None and one.due <= found.as_of}
    approved = decision is not None and decision.decision in {"release", "conditional"}
    took = None
    if approved and decision is not None and dossier.end is not None:
        took = (decision.at - dossier.end) / HOUR
    return BatchRelease(
        **owner.fields,
        batch=dossier.batch,
        started_at=_instant(dossier.start),
        ended_at=_instant(dossier.end),
        expected=len(progress.needs),
        judged=len(progress.needs) - len(pending),
        failed=sum(not one.verdict.is_within for one in progress.results),
        pending=tuple(sorted({one.test for one in pending}))[:_MOST],
        overdue=tuple(sorted(overdue))[:_MOST],
        open_deviations=open_deviations,
        hours_since_end=found.hours_since_end(),
        disposition=None if decision is None else _DISPOSED[decision.decision],
        disposed_at=None if decision is None else instant(decision.at),
        disposed_by=None if decision is None else person_of(decision),
        release_time_h=took,
    )


def deviation(owner: Owner, case: Case, found: Course, recurrence: int, as_of: int) -> Deviation:
    """A deviation as it is by now."""
    newest, is_closed = found.newest, found.state == "closed"
    closed_at = newest.at if is_closed and newest is not None else None
    until = as_of if closed_at is None else closed_at
    return Deviation(
        **owner.fields,
        deviation=deviation_id(owner, case.name),
        cause=case.cause,
        severity=case.severity,
        state=found.state,
        batch=case.batch,
        test=case.test,
        result=case.result,
        area=case.area,
        excursion=None if case.spell is None else _excursion(case.spell),
        because=case.because,
        opened_at=instant(case.opened_at),
        changed_at=instant(case.opened_at if newest is None else newest.at),
        closed_at=_instant(closed_at),
        by=None if newest is None else person_of(newest),
        reason=None if newest is None else newest.reason,
        age_days=max(until - case.opened_at, 0) // DAY,
        recurrence=recurrence,
    )


def _excursion(spell: Spell) -> DeviationExcursion:
    end = spell.end
    return DeviationExcursion(
        rule=spell.rule,
        equipment=spell.equipment,
        tag=spell.tag,
        start=instant(spell.start),
        end=_instant(end),
        duration_s=None if end is None else (end - spell.start) / SECOND,
        worst=spell.worst,
        limit=spell.limit,
        unit=spell.unit,
    )


def deviation_id(owner: Owner, name: str) -> str:
    """What a deviation is named by, everywhere."""
    return "|".join((owner.run, owner.site, owner.product, "deviation", name))[:500]


def answer(owner: Owner, said: Said, refusals: tuple[Refusal, ...]) -> LabAnswer:
    """Whether a statement was accepted."""
    return LabAnswer(
        **owner.fields,
        statement=said.statement,
        event=event_of(said.origin),
        by=said.by,
        at=instant(said.said_at),
        answer="refused" if refusals else "accepted",
        objections=tuple(Objection(field=one.field, reason=one.reason) for one in refusals),
    )


def withdrawn(record: Record) -> Record | None:
    """What is told of something that turned out not to be; None where nothing can be."""
    match record:
        case TestJudged():
            return record.model_copy(update={"outcome": None, "because": "withdrawn"})
        case Deviation(withdrawn=False):
            return record.model_copy(update={"withdrawn": True})
        case ComplianceReport():
            nothing = dict.fromkeys(("within", "judged", "batches_within", "batches_judged"), 0)
            rates = {"compliance_rate": None, "batch_compliance": None, "revision": 0}
            return record.model_copy(update={**nothing, **rates})
        case CapabilityReport():
            figures = "mean within_sigma overall_sigma cp cpk cpk_lower cpk_upper pp ppk"
            return record.model_copy(update={**dict.fromkeys(figures.split()), "results": 0})
        case _:
            return None


def is_the_same(one: Record | None, other: Record) -> bool:
    """Whether a record says nothing that was not told: a later end alone, or another plant file."""
    if one is None:
        return False
    if one == other or isinstance(other, AuditEntry):
        return one == other
    update: dict[str, Any] = {"plant_version": other.plant_version}
    if isinstance(other, ComplianceReport) and other.batch is None:
        update |= {"start": other.start, "end": other.end}
    return one.model_copy(update=update) == other


def _instant(at: int | None) -> datetime | None:
    return None if at is None else instant(at)
