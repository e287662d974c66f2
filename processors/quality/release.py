"""Dispositions of a batch: which of them stand, by all that was known when each was stated."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from processors.quality.batches import progress
from processors.quality.facts import Decision, Dossier, names_of, person_of
from processors.quality.plan import QualityPlan
from processors.quality.results import (
    Refusal,
    Result,
    Setting,
    Standing,
    against_signature,
    stand,
)


class Ruling(NamedTuple):
    """A disposition, and all that speaks against it: nothing where it stands."""

    decision: Decision
    refusals: tuple[Refusal, ...] = ()


def setting_of(dossier: Dossier, plan: QualityPlan) -> Setting:
    """What is known of the batch."""
    accepts = plan.settings.unknown_batch == "accept"
    is_known = dossier.batch is None or accepts or bool(dossier.makings)
    return Setting(is_known, dossier.start)


def results_of(dossier: Dossier, plan: QualityPlan) -> tuple[list[Result], list[Standing]]:
    """All results that count, and how each statement stands."""
    setting = setting_of(dossier, plan)
    found: list[Result] = []
    standings: list[Standing] = []
    for group in dossier.groups.values():
        result, stands = stand(group, setting, plan)
        standings += stands
        if result is not None:
            found.append(result)
    return found, standings


def rulings(dossier: Dossier, plan: QualityPlan) -> list[Ruling]:
    """How each disposition stands, the first first."""
    ordered = sorted(dossier.decisions, key=lambda one: (one.said_at, one.statement))
    return [Ruling(one, tuple(_refusals(one, dossier, plan))) for one in ordered]


def standing(found: Sequence[Ruling]) -> Decision | None:
    """The disposition that holds: the newest of those that stand."""
    stands = [one.decision for one in found if not one.refusals]
    return stands[-1] if stands else None


def _refusals(one: Decision, dossier: Dossier, plan: QualityPlan) -> Iterator[Refusal]:
    yield from against_signature(one, dossier.decisions)
    is_known = setting_of(dossier, plan).is_known and (dossier.makings or dossier.groups)
    if not is_known:
        yield Refusal("batch", f"no equipment has begun {dossier.batch!r}", waits=True)
        return
    if one.decision in {"conditional", "reject"} and not one.is_explained:
        yield Refusal("reason", f"a decision to {one.decision} needs a reason")
    if one.decision in {"release", "conditional"}:
        yield from _against_release(one, dossier.until(one.said_at), plan)


def _against_release(one: Decision, dossier: Dossier, plan: QualityPlan) -> Iterator[Refusal]:
    makings = dossier.makings.values()
    if any(each.start <= one.at and (each.end is None or each.end > one.at) for each in makings):
        yield Refusal("batch", f"{dossier.batch!r} is still made")
    results, _ = results_of(dossier, plan)
    found = progress(dossier, results, plan, one.at)
    pending = sorted({need.test for need in found.pending})
    if pending:
        yield Refusal("batch", f"required tests are pending: {', '.join(pending)}"[:1000])
    failed = sorted({each.newest.test for each in found.results if not each.verdict.is_within})
    if failed and one.decision == "release":
        told = f"out of specification: {', '.join(failed)}; reject it, or release conditionally"
        yield Refusal("decision", told[:1000])
    tested = any(names_of(one) & each.analysts for each in results)
    if tested and not plan.settings.analyst_may_release:
        yield Refusal("by", f"{person_of(one)} tested this batch and may not release it")
    for roles in sorted({tuple(need.specification.release_by) for need in found.needs}):
        if roles and not set(roles) & set(one.roles):
            yield Refusal("by", f"may be released by {' or '.join(roles)} only")
