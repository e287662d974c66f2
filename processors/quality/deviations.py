"""Deviations: what opens them, and the steps of their life."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from processors.quality.batches import Progress
from processors.quality.facts import Action, Dossier
from processors.quality.makings import Spell
from processors.quality.results import Refusal, Result, against_signature
from schemas.plant.quality import DeviationSeverity
from schemas.quality import Cause, DeviationState

_STEPS: Mapping[tuple[str, str], DeviationState] = {
    ("open", "investigate"): "investigating",
    ("investigating", "capa"): "capa",
    ("capa", "close"): "closed",
    ("closed", "reopen"): "investigating",
}
_OF_MINOR: Mapping[tuple[str, str], DeviationState] = {("investigating", "close"): "closed"}
"""A minor one may be closed without corrective and preventive actions."""


Kind = tuple[Cause, str]
"""Cause, and test or what an excursion was of: deviations that have both recur."""


class Case(NamedTuple):
    """Something was not as it has to be."""

    name: str
    """Within its product."""
    cause: Cause
    severity: DeviationSeverity
    batch: str | None
    test: str | None
    result: str | None
    because: str
    opened_at: int
    area: str | None
    """Compliance area."""
    spell: Spell | None = None

    @property
    def kind(self) -> Kind:
        """Others of the same recur."""
        if self.spell is not None:
            return self.cause, f"{self.spell.rule}|{self.spell.equipment}"
        return self.cause, self.test or ""


@dataclass(frozen=True, slots=True)
class Course:
    """How far the life of a deviation is."""

    state: DeviationState
    newest: Action | None
    """The step that led there."""
    refused: tuple[tuple[Action, Refusal], ...]
    accepted: tuple[Action, ...]
    states: tuple[DeviationState, ...]
    """To which each of the accepted ones led."""


def opened(
    dossier: Dossier,
    results: Sequence[Result],
    found: Progress,
    severities: Mapping[str, DeviationSeverity],
    as_of: int,
) -> Iterator[Case]:
    """What the results open, and required ones that were not there in time.

    `severities` are those of the specifications, by the name of the result.
    """
    for result in results:
        if result.failed is not None:
            failed, because = result.failed.version, result.failed.verdict.because
            yield Case(
                name=f"out_of_specification|{result.first.statement}",
                cause="out_of_specification",
                severity=severities.get(result.first.statement, "major"),
                batch=dossier.batch,
                test=failed.test,
                result=result.first.statement,
                because=because,
                opened_at=failed.at,
                area=result.area,
            )
    for need in found.needs:
        if need.due is not None and need.due <= as_of and not need.is_timely():
            yield Case(
                name=f"missed_test|{dossier.batch}|{need.test}|{need.number}",
                cause="missed_test",
                severity=need.specification.severity,
                batch=dossier.batch,
                test=need.test,
                result=None,
                because=f"required result {need.number} was not there in time",
                opened_at=need.due,
                area=need.specification.area,
            )


def of_excursions(dossier: Dossier, spells: Mapping[str, Spell]) -> Iterator[Case]:
    """What excursions open that an alert told of while the batch was made."""
    for name, spell in sorted(spells.items()) if dossier.makings else ():
        at = dossier.met(spell)
        if at is not None:
            yield Case(
                name=f"excursion|{dossier.batch}|{name}",
                cause="excursion",
                severity=spell.severity,
                batch=dossier.batch,
                test=None,
                result=None,
                because=_beyond(spell),
                opened_at=at,
                area=spell.area,
                spell=spell,
            )


def _beyond(spell: Spell) -> str:
    if spell.worst is None or spell.limit is None:
        return spell.rule
    side = "above" if spell.worst > spell.limit else "below"
    unit = f" {spell.unit}" if spell.unit else ""
    return f"{spell.tag} {side} {spell.limit:g}{unit}"


def out_of_trend(
    dossier: Dossier, result: Result, severity: DeviationSeverity, because: str
) -> Case:
    """What a result opens that is within specification, and out of trend."""
    return Case(
        name=f"out_of_trend|{result.first.statement}",
        cause="out_of_trend",
        severity=severity,
        batch=dossier.batch,
        test=result.newest.test,
        result=result.first.statement,
        because=because,
        opened_at=result.root.at,
        area=result.area,
    )


def course(case: Case, actions: Sequence[Action]) -> Course:
    """Where the steps lead, in the order in which they were taken."""
    state: DeviationState = "open"
    refused: list[tuple[Action, Refusal]] = []
    accepted: list[Action] = []
    states: list[DeviationState] = []
    for one in sorted(actions, key=lambda each: (each.at, each.said_at, each.statement)):
        after = _STEPS.get((state, one.action))
        if after is None and case.severity == "minor":
            after = _OF_MINOR.get((state, one.action))
        if one.at < case.opened_at:
            refused.append((one, Refusal("time", "lies before the deviation was opened")))
        elif unsigned := against_signature(one, actions):
            refused.append((one, unsigned[0]))
        elif after is None:
            refused.append((one, Refusal("action", f"cannot {one.action}: it is {state}")))
        else:
            state = after
            accepted.append(one)
            states.append(state)
    newest = accepted[-1] if accepted else None
    return Course(state, newest, tuple(refused), tuple(accepted), tuple(states))
