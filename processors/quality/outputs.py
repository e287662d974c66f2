"""Where records go: to their topics, to the rules of the site, and acts into the trail."""

from collections.abc import Iterator

from processors.quality.records import Record
from processors.step import Output
from schemas.audit import AuditEntry
from schemas.quality import LabAnswer, TestJudged
from schemas.topics import AUDIT_ENTRY, LAB_ANSWER, QUALITY, SITE

_COUNTED = frozenset({"fail", "out_of_trend"})
"""What rules of the whole site count."""


def outputs(before: Record | None, now: Record) -> Iterator[Output]:
    """The outputs of a record in the place of another."""
    if isinstance(now, AuditEntry):
        yield Output(AUDIT_ENTRY, now.site, now.id, now)
        return
    if isinstance(now, LabAnswer):
        yield Output(LAB_ANSWER, now.partition_key(), now.record_id(), now)
        if now.answer == "refused" and not now.run:
            yield _refused(now)
        return
    yield Output(QUALITY, now.partition_key(), now.record_id(), now)
    if isinstance(now, TestJudged):
        known = before.outcome if isinstance(before, TestJudged) else None
        if now.outcome in _COUNTED or known in _COUNTED:
            yield Output(SITE, now.site, now.record_id(), now)


def _refused(answer: LabAnswer) -> Output:
    entry = AuditEntry(
        id=f"lab/{answer.statement}/refused",
        site=answer.site,
        at=answer.at,
        actor=answer.by,
        action="refused",
        subject=f"{answer.product}: {answer.statement}",
        reason="; ".join(f"{one.field}: {one.reason}" for one in answer.objections)[:2000],
    )
    return Output(AUDIT_ENTRY, answer.site, entry.id, entry)
