"""All that follows from what was said of one batch, or of one result without a batch."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from processors.quality.batches import Progress, next_span, progress
from processors.quality.deviations import Case, of_excursions, opened, out_of_trend
from processors.quality.facts import Decision, Dossier
from processors.quality.makings import Spell
from processors.quality.plan import QualityPlan
from processors.quality.release import Ruling, results_of, rulings, standing
from processors.quality.results import Result, Standing
from processors.quality.windows import Entry
from processors.rules.times import HOUR
from schemas.plant.quality import DeviationSeverity, Specification


@dataclass(frozen=True)
class Evaluation:
    """What a dossier comes to at an instant."""

    dossier: Dossier
    results: tuple[Result, ...]
    standings: tuple[Standing, ...]
    rulings: tuple[Ruling, ...]
    cases: tuple[Case, ...]
    progress: Progress
    trends: Mapping[str, DeviationSeverity | None]
    """By result, how severe the deviation is that it opens if it is out of trend; None: none."""
    as_of: int
    due: int | None
    """When it becomes another one without anything being said, but for the hours it waits."""

    @cached_property
    def disposition(self) -> Decision | None:
        """The one that holds."""
        return standing(self.rulings)

    @property
    def is_disposed(self) -> bool:
        """Whether nobody waits for its release any more."""
        decision = self.disposition
        return decision is not None and decision.decision != "hold"

    @cached_property
    def waits_since(self) -> int | None:
        """Since when the batch waits for its release."""
        return None if self.is_disposed else self.dossier.end

    def all_cases(self, trends: Mapping[str, str]) -> Iterator[Case]:
        """The deviations, with those of results that are out of trend."""
        yield from self.cases
        for one in self.results:
            verdict = one.verdict_with(trends)
            severity = self.trends.get(one.first.statement)
            if verdict.outcome == "out_of_trend" and severity is not None:
                yield out_of_trend(self.dossier, one, severity, verdict.because)

    def hours_since_end(self) -> int:
        """Whole hours from its end to its disposition, or until now."""
        end, decision = self.dossier.end, self.disposition
        until = decision.at if decision is not None and self.is_disposed else self.as_of
        return 0 if end is None else max(until - end, 0) // HOUR

    @cached_property
    def next_hour(self) -> int | None:
        """When it waits for another hour."""
        since = self.waits_since
        return None if since is None else since + (max(self.as_of - since, 0) // HOUR + 1) * HOUR

    def is_over(self, before: int) -> bool:
        """Whether the last word on it was said before this, and nobody waits for its release."""
        dossier = self.dossier
        said = [one.said_at for group in dossier.groups.values() for one in group]
        said += [one.said_at for one in dossier.decisions]
        said += [one.end or one.start for one in dossier.makings.values()]
        is_made = bool(dossier.makings) and dossier.end is None
        return max(said, default=before) < before and not is_made and self.waits_since is None

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """What windows of time count, by a name of its own."""
        for one in self.results:
            if one.verdict.is_judged:
                corrections = one.versions - 1
                about = (one.area, one.newest.test)
                entry = Entry(one.root.at, one.verdict.is_within, about, corrections)
                yield f"result|{one.first.statement}", entry
        if self.progress.is_judged:
            at, within = self.progress.judged_at, self.progress.is_within
            yield f"batch|{self.dossier.batch}", Entry(at, within, None, 0)


def _of_trend(specification: Specification) -> DeviationSeverity | None:
    asked = "minor" if specification.trend is None else specification.trend.deviation
    return None if asked == "none" else asked


def evaluate(
    dossier: Dossier, plan: QualityPlan, as_of: int, spells: Mapping[str, Spell]
) -> Evaluation:
    """What follows by this instant; `spells` are the excursions that are known, by name."""
    results, standings = results_of(dossier, plan)
    found = progress(dossier, results, plan, as_of)
    ruled = rulings(dossier, plan)
    specified = {
        one.first.statement: specification
        for one in results
        if (specification := plan.specification(one.newest.test, one.sampled_at)) is not None
    }
    severities = {name: one.severity for name, one in specified.items()}
    made = Evaluation(
        dossier=dossier,
        results=tuple(results),
        standings=tuple(standings),
        rulings=tuple(ruled),
        cases=(
            *opened(dossier, results, found, severities, as_of),
            *of_excursions(dossier, spells),
        ),
        progress=found,
        trends={name: _of_trend(one) for name, one in specified.items()},
        as_of=as_of,
        due=None,
    )
    moments = [one.due for one in found.needs if one.due is not None and one.due > as_of]
    asked = next_span(dossier, plan, as_of)
    return replace(made, due=min([*moments, *([asked] if asked else [])], default=None))
