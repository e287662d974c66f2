"""Results of tests with all their versions: the one that counts, and what was said before. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from plantstream.summary.model import Cell, Mark, Table, Tone
from plantstream.summary.telling import Telling, with_unit

Row = dict[str, Any]
OUTCOMES: dict[str | None, Tone] = {
    "pass": "good",
    "fail": "bad",
    "out_of_trend": "warn",
    "invalid": "bad",
}
HEADS = ("test", "result", "limits", "outcome", "tested", "history")


@dataclass(frozen=True, slots=True)
class Result:
    """All versions of one result, the oldest first."""

    versions: tuple[Row, ...]

    @property
    def newest(self) -> Row:
        """The version that counts; the last one where none does."""
        counting = [one for one in self.versions if one["is_newest"]]
        return counting[0] if counting else self.versions[-1]

    @property
    def root(self) -> Row:
        """What was tested: the first version, or the newest retest; corrections test nothing."""
        tested = [one for one in self.later if one["retest"]]
        return tested[-1] if tested else self.versions[0]

    @property
    def is_refused(self) -> bool:
        """Whether it was stated and never counted."""
        return all(one["answer"] == "refused" for one in self.versions)

    @property
    def is_corrected(self) -> bool:
        """Whether a correction took the place of a version."""
        return any(one["corrects"] and not one["invalid"] for one in self.later)

    @property
    def is_retested(self) -> bool:
        """Whether a retest took the place of what was found."""
        return any(one["retest"] for one in self.later)

    @property
    def is_invalid(self) -> bool:
        """Whether it was declared to count for nothing."""
        return bool(self.newest["invalid"])

    @property
    def later(self) -> tuple[Row, ...]:
        """Accepted versions after the first."""
        return tuple(one for one in self.versions[1:] if one["answer"] != "refused")


def grouped(rows: Iterable[Row]) -> tuple[Result, ...]:
    """Results by test; a statement that was never judged stands alone."""
    found: dict[str, list[Row]] = {}
    for one in rows:
        found.setdefault(one["result"] or one["statement"], []).append(one)
    results = [Result(tuple(sorted(versions, key=_age))) for versions in found.values()]
    return tuple(sorted(results, key=lambda one: (one.newest["test"], *_age(one.versions[0]))))


def tests(results: Iterable[Result]) -> str:
    """The tests of these results, each once."""
    return ", ".join(dict.fromkeys(one.newest["test"] for one in results))


def results_table(results: Sequence[Result], names: dict[str, str], telling: Telling) -> Table:
    """A row per result."""
    words = telling.words
    heads = tuple(words(f"head.{name}") for name in HEADS)
    rows = tuple(_row(one, names, telling) for one in results)
    return Table(words("results.caption"), heads, rows)


def _row(result: Result, names: dict[str, str], telling: Telling) -> tuple[Cell, ...]:
    now, root, words = result.newest, result.root, telling.words
    sample = (words("sample", sample=now["sample"]),) if now["sample"] else ()
    name = names.get(now["test"], "")
    because = (now["because"],) if now["because"] and not result.is_refused else ()
    method = tuple(one for one in (root["method"], root["instrument"]) if one)
    return (
        Cell(now["test"], lines=((name,) if name else ()) + sample),
        Cell(with_unit(now["value"], now["unit"])),
        Cell(_limits(now, telling)),
        Cell(marks=(_outcome(result, telling),), lines=because),
        Cell(
            telling.moment(root["tested_at"]),
            lines=(words("by", who=root["analyst"] or root["stated_by"]), *method),
        ),
        Cell(marks=_marks(result, telling), lines=tuple(_history(result, telling))),
    )


def _limits(now: Row, telling: Telling) -> str:
    if now["accepted_values"]:
        return ", ".join(now["accepted_values"])
    return telling.limits(now["lower_limit"], now["upper_limit"], now["unit"])


def _outcome(result: Result, telling: Telling) -> Mark:
    if result.is_refused:
        return Mark(telling.words("mark.refused"), "warn")
    outcome = result.newest["outcome"]
    return Mark(telling.words.code("outcome", outcome or "none"), OUTCOMES.get(outcome, "warn"))


def _marks(result: Result, telling: Telling) -> tuple[Mark, ...]:
    said = {
        "corrected": result.is_corrected,
        "retest": result.is_retested,
        "invalid": result.is_invalid,
    }
    return tuple(
        Mark(telling.words(f"mark.{name}"), "warn") for name, is_so in said.items() if is_so
    )


def _history(result: Result, telling: Telling) -> Iterable[str]:
    """What stood before each change, and who changed it, when and why."""
    words = telling.words
    standing = [result.versions[0], *result.later]
    for before, after in pairwise(standing):
        yield words(
            "was",
            value=with_unit(before["value"], before["unit"]),
            outcome=words.code("outcome", before["outcome"] or "none"),
            who=before["stated_by"],
            when=telling.moment(before["stated_at"]),
        )
        yield words(
            "replaced",
            revision=after["revision"],
            when=telling.moment(after["stated_at"]),
            who=after["stated_by"],
            reason=after["reason"] or "",
        )
    for one in result.versions:
        if one["answer"] == "refused":
            reasons = "; ".join(f"{why['field']}: {why['reason']}" for why in one["objections"])
            yield words("refused_for", reason=reasons)


def _age(one: Row) -> tuple[Any, ...]:
    return (one["stated_at"], one["revision"], one["statement"])
