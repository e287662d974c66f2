"""Why rules fired, or did not: one paragraph of lines for each rule and what it is about."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from plantstream.commands.alerts_trial import Trial
from processors.rules.board import Note
from processors.rules.plan import Watched
from processors.rules.times import instant

MOST_LINES = 20
"""Of one rule; more are counted."""


def explained(trial: Trial) -> Iterator[str]:
    """Lines for people."""
    for equipment in sorted(trial.unknown):
        yield f"the plant file knows no {equipment}: its events are left out"
    named = {one.rule.alert for plan in trial.plans.values() for one in plan.watched.values()}
    for path, plan in trial.plans.items():
        for key, watched in plan.watched.items():
            yield f"{watched.rule.alert} of {path}"
            yield from _lines(watched, trial.notes.get((path, key), []))
    if not named:
        yield "the plant file has no rules of equipment or site that fit anything in it"


def _lines(watched: Watched, notes: Sequence[Note]) -> Iterator[str]:
    if not notes:
        names = ", ".join(sorted(watched.signals)).replace("|", " ")
        yield f"  never looked at: nothing was heard of {names}"
        return
    told = [line for late in (False, True) for line in _of_track(watched, notes, late)]
    yield from (f"  {line}" for line in told[:MOST_LINES])
    if len(told) > MOST_LINES:
        yield f"  … and {len(told) - MOST_LINES} more"


def _of_track(watched: Watched, notes: Sequence[Note], is_late: bool) -> Iterator[str]:
    mark = "late: " if is_late else ""
    those = [note for note in notes if note.is_late is is_late]
    for said, group in groupby(those, key=_said):
        members = list(group)
        yield f"{mark}{_time(members[0].at)} {said}{_figure(members)}"
        for note in members:
            for change in note.stepped.changes:
                yield f"{mark}{_time(change.at)} {_change(watched, change.state, note)}"


def _said(note: Note) -> str:
    if not note.stepped.is_planned:
        return "not planned time: not known"
    truth = note.stepped.seen.truth
    return {True: "condition true", False: "condition false", None: "not known"}[truth]


def _figure(notes: Sequence[Note]) -> str:
    """The values of a stretch, beside their limit."""
    values = [note.stepped.seen.value for note in notes]
    numbers = [one for one in values if isinstance(one, float | int)]
    seen = notes[-1].stepped.seen
    limit = "" if seen.limit is None else f", limit {seen.limit} {seen.unit}".rstrip()
    if not numbers:
        return f" ({values[0]}{limit})" if values[0] is not None else ""
    low, high = min(numbers), max(numbers)
    span = f"{low:.6g}" if low == high else f"{low:.6g} to {high:.6g}"
    return f" ({span}{limit})"


def _change(watched: Watched, state: str, note: Note) -> str:
    life = note.stepped.instance.life
    match state:
        case "pending":
            return f"pending: has to hold for {watched.rule.for_}"
        case "firing":
            return "FIRING" + (" as flapping" if life.flapping else "")
        case _:
            why = "" if note.stepped.is_planned else ", because time is not planned"
            was_firing = any(one.life.phase == "firing" for one in note.stepped.changes)
            return ("resolved" if was_firing else "dropped before it fired") + why


def _time(at: int) -> str:
    return f"{instant(at):%Y-%m-%d %H:%M:%S.%f}"[:-3] + "Z"
