"""Whether a batch can be released, and what has to be known. Pure."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from plantstream.summary.model import Fact, Tone, Verdict
from plantstream.summary.results import Result, tests
from plantstream.summary.telling import Telling, is_unknown, short, span

if TYPE_CHECKING:
    from sinks.timescale.batches import BatchRows

Row = dict[str, Any]
_DECIDED: dict[str, tuple[str, Tone]] = {
    "approved": ("released", "good"),
    "conditional": ("conditional", "warn"),
    "rejected": ("rejected", "bad"),
    "held": ("held", "bad"),
}

_AGAINST = {"pending": "pending", "overdue": "overdue", "failed": "failed_tests"}
"""Phrases, and the columns whose tests they name."""


def verdict_of(rows: "BatchRows", results: Sequence[Result], telling: Telling) -> Verdict:
    """What the batch's records come to."""
    against = tuple(_against(rows, telling))
    name, tone = _conclusion(rows.release, against)
    remarks = (*_about_results(results, telling), *_about_making(rows, telling))
    facts = _facts(rows, telling)
    return Verdict(tone, telling.words(f"verdict.{name}"), against, remarks, facts)


def _conclusion(release: Row | None, against: Sequence[str]) -> tuple[str, Tone]:
    disposition = release["disposition"] if release else None
    if disposition is None:
        return ("not_ready", "bad") if against else ("ready", "good")
    if disposition == "approved" and against:
        return "contested", "bad"
    return _DECIDED[disposition]


def _against(rows: "BatchRows", telling: Telling) -> Iterator[str]:
    """What keeps it from being released without conditions."""
    words, release = telling.words, rows.release
    if release is None:
        yield words("against.no_record")
        return
    making = [short(one["equipment"]) for one in rows.known if one["state"] == "making"]
    if making:
        yield words("against.making", equipment=", ".join(making))
    if not release["expected"]:
        yield words("against.nothing_required")
    for name, column in _AGAINST.items():
        if release[column]:
            yield words(f"against.{name}", tests=", ".join(release[column]))
    if release["open_deviations"]:
        yield words("against.deviations", number=release["open_deviations"])
    if broken := _broken_seals(rows):
        yield words("against.seals", number=broken)


def _broken_seals(rows: "BatchRows") -> int:
    """Of signatures that count."""
    broken = [one for one in rows.signatures if one["fit"] == "broken"]
    return sum(one["answer"] != "refused" for one in broken)


def _about_results(results: Sequence[Result], telling: Telling) -> Iterator[str]:
    words = telling.words
    for name, found in {
        "corrected": [one for one in results if one.is_corrected],
        "retested": [one for one in results if one.is_retested],
        "invalid": [one for one in results if one.is_invalid],
    }.items():
        if found:
            yield words(f"remark.{name}", tests=tests(found))
    refused = sum(one["answer"] == "refused" for of in results for one in of.versions)
    if refused:
        yield words("remark.refused", number=refused)


def _about_making(rows: "BatchRows", telling: Telling) -> Iterator[str]:
    words = telling.words
    if rows.release is not None and not _of_kind(rows, "made"):
        yield words("remark.not_begun")
    alarms = _of_kind(rows, "alert")
    if alarms:
        critical = sum(one["severity"] == "critical" for one in alarms)
        unanswered = sum(one["done_by"] is None for one in alarms)
        counts = {"number": len(alarms), "critical": critical, "unacknowledged": unanswered}
        yield words("remark.alarms", **counts)
    closed = sum(one["state"] == "closed" for one in _of_kind(rows, "deviation"))
    if closed:
        yield words("remark.deviations", number=closed)
    if any(one["revision"] for one in rows.figures):
        yield words("remark.restated")
    yield from _about_tags(rows, telling)
    if rows.release is not None and rows.release["disposition"] and not _signature(rows):
        yield words("remark.unsigned")


def _about_tags(rows: "BatchRows", telling: Telling) -> Iterator[str]:
    words = telling.words
    out = [one["tag"] for one in rows.critical if one["below_s"] or one["above_s"]]
    missing = [one["tag"] for one in rows.critical if is_unknown(one)]
    if out:
        yield words("remark.out", tags=", ".join(out))
    if missing:
        yield words("remark.missing", tags=", ".join(missing))
    if rows.gaps:
        seconds = sum((one["end"] - one["start"]).total_seconds() for one in rows.gaps)
        yield words("remark.gaps", duration=span(seconds))


def _facts(rows: "BatchRows", telling: Telling) -> tuple[Fact, ...]:
    words, release = telling.words, rows.release
    if release is None:
        return ()
    counts: dict[str, int | list[str]] = {
        "failed": release["failed"],
        "pending": release["pending"],
        "overdue": release["overdue"],
        "deviations": release["open_deviations"],
    }
    return (
        Fact(words("fact.required"), str(release["expected"])),
        Fact(words("fact.judged"), str(release["judged"])),
        *(Fact(words(f"fact.{name}"), *_counted(given, telling)) for name, given in counts.items()),
        *_disposition(rows, release, telling),
    )


def _counted(given: int | list[str], telling: Telling) -> tuple[str, Tone]:
    if isinstance(given, int):
        return str(given), "bad" if given else "plain"
    named = ", ".join(given) if given else telling.words("none")
    return named, "bad" if given else "plain"


def _disposition(rows: "BatchRows", release: Row, telling: Telling) -> Iterator[Fact]:
    words = telling.words
    name = words("fact.disposition")
    if release["disposition"] is None:
        yield Fact(name, words("fact.not_disposed"))
        return
    what = words.code("disposition", release["disposition"])
    when = telling.both(release["disposed_at"])
    yield Fact(name, words("fact.disposed", what=what, who=release["disposed_by"], when=when))
    decided = _decision(rows, release)
    if decided is not None and decided["because"]:
        yield Fact(words("fact.conditions"), decided["because"])
    signed = _signature(rows)
    if signed is None:
        yield Fact(words("fact.signature"), words("none"))
        return
    when = telling.both(signed["signed_at"])
    said = {"who": signed["signed_by"], "meaning": signed["meaning"], "when": when}
    told = words("fact.signed", **said, seal=words.code("seal", signed["fit"]))
    tone: Tone = "bad" if signed["fit"] == "broken" else "plain"
    yield Fact(words("fact.signature"), told, tone)


def _decision(rows: "BatchRows", release: Row) -> Row | None:
    """The decision that stands."""
    found = [
        one
        for one in _of_kind(rows, "disposition")
        if one["accepted"] and one["at"] == release["disposed_at"]
    ]
    return found[-1] if found else None


def _signature(rows: "BatchRows") -> Row | None:
    """Of the decision that stands."""
    decided = None if rows.release is None else _decision(rows, rows.release)
    found = [one for one in rows.signatures if decided and one["statement"] == decided["id"]]
    return found[0] if found else None


def _of_kind(rows: "BatchRows", kind: str) -> list[Row]:
    return [one for one in rows.known if one["kind"] == kind]
