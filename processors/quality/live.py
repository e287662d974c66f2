"""What follows from all that is remembered of one product; it is reckoned anew after a restart."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from processors.quality.deviations import Case
from processors.quality.evaluation import Evaluation
from processors.quality.records import Record, is_the_same, withdrawn
from processors.quality.trends import Series
from processors.quality.windows import About, Timeline
from schemas.quality import DeviationState, Window

Told = tuple[Record | None, Record]
"""What was told before, and what is told now."""


@dataclass(slots=True)
class Live:
    """Of one state; whoever changes it takes a copy."""

    evaluations: dict[str, Evaluation] = field(default_factory=dict)
    """By dossier."""
    records: dict[str, Record] = field(default_factory=dict)
    """All that is true now, by record id."""
    owned: dict[str, frozenset[str]] = field(default_factory=dict)
    """By dossier, deviation or window, the ids of its records."""
    timeline: Timeline = field(default_factory=Timeline)
    series: Series = field(default_factory=Series)
    opened: dict[str, tuple[Case, ...]] = field(default_factory=dict)
    """By dossier."""
    states: dict[str, DeviationState] = field(default_factory=dict)
    """Of the deviations, by the names of their cases."""
    waiting: dict[str, int] = field(default_factory=dict)
    """By dossier, or deviation: when a statement is refused for what is not known yet."""
    ages: dict[str, int] = field(default_factory=dict)
    """When an open deviation is a day older, by its record id."""
    rolling: dict[tuple[Window, About], None] = field(default_factory=dict)
    """Windows of which something was told."""

    def copy(self) -> "Live":
        """Another one, to be changed."""
        return replace(
            self,
            evaluations=dict(self.evaluations),
            records=dict(self.records),
            owned=dict(self.owned),
            timeline=self.timeline.copy(),
            series=self.series.copy(),
            opened=dict(self.opened),
            states=dict(self.states),
            waiting=dict(self.waiting),
            ages=dict(self.ages),
            rolling=dict(self.rolling),
        )

    def own(self, owner: str, records: Mapping[str, Record]) -> None:
        """These are all records of this owner now."""
        for name in self.owned.get(owner, frozenset()) - records.keys():
            self.records.pop(name, None)
        for name, record in records.items():
            if not is_the_same(self.records.get(name), record):
                self.records[name] = record
        self.owned[owner] = frozenset(records)

    @property
    def cases(self) -> dict[str, Case]:
        """All deviations by the names of their cases."""
        return {one.name: one for some in self.opened.values() for one in some}


def differences(before: Mapping[str, Record], now: Mapping[str, Record]) -> Iterator[Told]:
    """All that is true now and was not before, and what is true no more."""
    for name, record in now.items():
        known = before.get(name)
        if known is not record and not is_the_same(known, record):
            yield known, record
    for name, known in before.items():
        if name not in now:
            gone = withdrawn(known)
            if gone is not None and not is_the_same(known, gone):
                yield known, gone
