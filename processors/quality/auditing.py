"""Entries of the audit trail for corrections, dispositions and steps that were accepted."""

from collections.abc import Iterator, Mapping
from typing import Any

from processors.quality.deviations import Case, Course
from processors.quality.evaluation import Evaluation
from processors.quality.facts import Action, Decision, Version, person_of
from processors.quality.records import Owner, deviation_id
from processors.rules.times import instant
from schemas.audit import AuditEntry

_Fields = Mapping[str, Any]


def of_dossier(owner: Owner, found: Evaluation) -> Iterator[AuditEntry]:
    """Of corrections and dispositions that stand; none of a replay."""
    if owner.run:
        return
    dossier = found.dossier
    said = {one.statement: one for group in dossier.groups.values() for one in group}
    for standing in found.standings:
        version = standing.version
        corrected = said.get(version.corrects or "")
        if corrected is not None and not standing.refusals:
            change = _of_version(corrected), _of_version(version)
            yield _entry(owner, version, "result.correction", change)
    before: _Fields | None = None
    for ruling in found.rulings:
        if not ruling.refusals:
            after = {"batch": dossier.batch, "decision": ruling.decision.decision}
            yield _entry(owner, ruling.decision, "batch.disposition", (before, after))
            before = after


def of_course(owner: Owner, case: Case, found: Course) -> Iterator[AuditEntry]:
    """Of the steps of a deviation; none of a replay."""
    named = {"deviation": deviation_id(owner, case.name)}
    before = "open"
    for action, after in zip(found.accepted, found.states, strict=True) if not owner.run else ():
        change = named | {"state": before}, named | {"state": after}
        yield _entry(owner, action, f"deviation.{action.action}", change)
        before = after


def _of_version(one: Version) -> dict[str, Any]:
    told = {
        "statement": one.statement,
        "revision": one.revision,
        "test": one.test,
        "batch": one.batch,
        "sample": one.sample,
        "comparator": one.comparator,
        "value": one.number if one.text is None else one.text,
        "unit": one.unit or None,
        "invalid": one.invalid or None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _entry(
    owner: Owner,
    one: Version | Decision | Action,
    action: str,
    change: tuple[_Fields | None, _Fields],
) -> AuditEntry:
    before, after = change
    signed = {"signature": one.sealed.id} if one.sealed.is_valid else {}
    return AuditEntry(
        id=f"lab/{one.statement}/accepted",
        site=owner.site,
        at=instant(one.said_at),
        actor=person_of(one),
        action=action,
        subject=f"{owner.product}: {one.statement}",
        before=None if before is None else dict(before),
        after={**after, **signed},
        reason=one.reason,
    )
