"""The versions of one result: which are accepted, which is the newest, and why others are refused.

The first value that was said of a sample counts. A correction names the version whose place it
takes; a retest takes the place of all that was found before. Nothing is decided by the order in
which events arrive, but by when the edge heard them.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

from processors.quality.facts import Group, Said, Version, names_of
from processors.quality.judge import Verdict, does_not_fit, judge
from processors.quality.plan import QualityPlan
from processors.rules.times import MINUTE

AHEAD = 5 * MINUTE
"""How far a result may lie ahead of when the edge heard of it."""


class Refusal(NamedTuple):
    """Why a statement is not accepted; one that `waits` may be once more is known."""

    field: str
    reason: str
    waits: bool = False


class Standing(NamedTuple):
    """A version, and all that speaks against it: nothing where it is accepted."""

    version: Version
    refusals: tuple[Refusal, ...] = ()


class Setting(NamedTuple):
    """What is known of the batch to which a result belongs."""

    is_known: bool
    """Whether it has begun; results without a batch belong to one that has."""
    start: int | None = None


class Found(NamedTuple):
    """A version with its verdict."""

    version: Version
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Result:
    """What was found of one sample, as it is known by now."""

    first: Version
    """Names it."""
    root: Version
    """The first, or the newest retest: windows of time hold it by this."""
    newest: Version
    verdict: Verdict
    area: str | None
    failed: Found | None
    """The earliest version out of specification, also where it was corrected since."""
    versions: int
    """That count."""
    analysts: Set[str]
    """Who tested or corrected it, by all their names."""

    @property
    def sampled_at(self) -> int:
        """When the sample was taken, as far as anybody said it."""
        return _sampled(self.newest, self.root)

    def verdict_with(self, trends: Mapping[str, str]) -> Verdict:
        """The verdict, where results that are out of trend are known by their first statements."""
        because = trends.get(self.first.statement)
        if because is None or self.verdict.outcome != "pass":
            return self.verdict
        return Verdict("out_of_trend", because[:500])


def stand(
    group: Group, setting: Setting, plan: QualityPlan
) -> tuple[Result | None, list[Standing]]:
    """What the versions come to, and how each of them stands."""
    standings: list[Standing] = []
    accepted: list[Version] = []
    root: Version | None = None
    newest: Version | None = None
    for version in (one for one in group if one.corrects is None):
        refusals = _refusals(version, version, setting, plan) or _second(version, root)
        refusals += against_signature(version, group)
        standings.append(Standing(version, refusals))
        if refusals or (root is not None and not version.retest):
            continue
        root = version
        chain = _corrected(version, group, (setting, plan), standings)
        accepted += chain
        newest = chain[-1]
    known = {one.version.statement for one in standings}
    strays = (one for one in group if one.statement not in known)
    standings += [Standing(one, (_orphan(one, group, known),)) for one in strays]
    if root is None or newest is None:
        return None, standings
    return _result(accepted, root, newest, plan), standings


def _corrected(
    version: Version, group: Group, about: tuple[Setting, QualityPlan], standings: list[Standing]
) -> list[Version]:
    """The version and those that took its place, one after the other."""
    chain = [version]
    while True:
        followers = [one for one in group if one.corrects == chain[-1].statement]
        taken: Version | None = None
        for one in followers:
            refusals = _refusals(one, version, *about) + against_signature(one, group)
            if not refusals and taken is not None:
                told = f"{chain[-1].statement} was corrected by {taken.statement} already"
                refusals = (Refusal("corrects", told),)
            elif not refusals and one.revision != chain[-1].revision + 1:
                refusals = (Refusal("revision", f"has to be {chain[-1].revision + 1}"),)
            if not refusals:
                taken = one
            standings.append(Standing(one, refusals))
        if taken is None:
            return chain
        chain.append(taken)


def against_signature(one: Said, said: Iterable[Said]) -> tuple[Refusal, ...]:
    """What is wrong with its signature; of statements with the same one, the first has it.

    What was signed is part of the signature: whatever else has it speaks of the same thing.
    """
    sealed = one.sealed
    if sealed.reason:
        return (Refusal(sealed.field, sealed.reason),)
    before = [
        each
        for each in said
        if sealed.id
        and each.sealed.is_valid
        and each.sealed.id == sealed.id
        and (each.said_at, each.statement) < (one.said_at, one.statement)
    ]
    if not before:
        return ()
    return (Refusal("signature.id", f"signed {before[0].statement} before: sign anew"),)


def _refusals(
    version: Version, root: Version, setting: Setting, plan: QualityPlan
) -> tuple[Refusal, ...]:
    """What speaks against a version by itself; of the batch only what is not known."""
    found = []
    if not plan.is_known:
        found.append(Refusal("product", f"the plant file has no product {plan.product!r}"))
    if not setting.is_known:
        found.append(Refusal("batch", f"no equipment has begun {version.batch!r}", waits=True))
    sampled_at = _sampled(version, root)
    if version.at < sampled_at:
        found.append(Refusal("sample_time", "the sample was taken after the test"))
    if setting.start is not None and sampled_at < setting.start:
        found.append(Refusal("sample_time", f"before batch {version.batch!r} had begun"))
    if version.at > version.said_at + AHEAD:
        found.append(Refusal("time", "lies in the future"))
    specification = plan.specification(version.test, sampled_at)
    misfit = does_not_fit(version, specification) if specification else None
    if misfit is not None and not version.invalid:
        found.append(Refusal(*misfit))
    return tuple(found)


def _second(version: Version, root: Version | None) -> tuple[Refusal, ...]:
    """What speaks against one more value of the same sample."""
    if version.retest and not version.is_explained:
        return (Refusal("reason", "a retest needs a reason"),)
    if root is None or version.retest or version.value == root.value:
        return ()
    told = f"another value was stated as {root.statement}: correct that one, or state a retest"
    return (Refusal("value", told),)


def _orphan(version: Version, group: Group, known: set[str]) -> Refusal:
    named = version.corrects
    if named in known or any(one.statement == named for one in group):
        return Refusal("corrects", f"{named} does not count itself; state the result anew")
    return Refusal("corrects", f"no result {named} of this test, batch and sample", waits=True)


def _result(
    accepted: Sequence[Version], root: Version, newest: Version, plan: QualityPlan
) -> Result:
    first = accepted[0]
    specification = plan.specification(newest.test, _sampled(newest, root))
    verdicts = [Found(one, _judged(one, first, plan)) for one in accepted]
    failed = [one for one in verdicts if one.verdict.outcome == "fail"]
    analysts = {one.analyst.casefold() for one in accepted if one.analyst}
    return Result(
        first=first,
        root=root,
        newest=newest,
        verdict=_judged(newest, root, plan),
        area=None if specification is None else specification.area,
        failed=min(failed, key=lambda one: (one.version.at, one.version.statement), default=None),
        versions=len(accepted),
        analysts=analysts.union(*map(names_of, accepted)),
    )


def _judged(version: Version, root: Version, plan: QualityPlan) -> Verdict:
    return judge(version, plan.specification(version.test, _sampled(version, root)))


def _sampled(version: Version, root: Version) -> int:
    """When its sample was taken; what nobody said is when it was tested first."""
    for at in (version.sample_at, root.sample_at):
        if at is not None:
            return at
    return root.at
