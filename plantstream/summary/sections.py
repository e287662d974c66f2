"""Sections of a summary: deviations, alarms, OEE, critical tags, decisions and signatures. Pure."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from plantstream.summary.model import Cell, Mark, Section, Table, Tone
from plantstream.summary.seals import Seal
from plantstream.summary.telling import (
    Telling,
    is_unknown,
    number,
    ratio,
    short,
    span,
    with_unit,
)

if TYPE_CHECKING:
    from sinks.timescale.batches import BatchRows

Row = dict[str, Any]
_SEVERITIES: dict[str, Tone] = {"critical": "bad", "major": "bad", "warning": "warn"}
_SEALS: dict[Seal, Tone] = {"valid": "good", "broken": "bad", "unchecked": "warn"}
NOTHING = "-"
"""Where there is no value."""
_RATIOS = ("availability", "effectiveness", "quality_ratio", "oee")


def heads(telling: Telling, *names: str) -> tuple[str, ...]:
    """The heads of a table."""
    return tuple(telling.words(f"head.{name}") for name in names)


def section(name: str, telling: Telling, *tables: Table, note: str = "") -> Section:
    """A section with its words."""
    words = telling.words
    return Section(name, words(name), tables, words(f"{name}.none"), note)


def deviations(rows: "BatchRows", telling: Telling) -> Section:
    """Every deviation with its steps."""
    words = telling.words
    steps: dict[str, list[str]] = {}
    for one in _of_kind(rows, "deviation step"):
        said = {
            "when": telling.moment(one["at"]),
            "step": words.code("step", one["name"]),
            "who": one["done_by"],
            "reason": one["because"],
        }
        phrase = "step.refused" if one["accepted"] is False else "step"
        steps.setdefault(one["id"], []).append(words(phrase, **said))
    found = tuple(
        _deviation(one, tuple(steps.get(one["id"], ())), telling)
        for one in _of_kind(rows, "deviation")
    )
    columns = heads(telling, "deviation", "severity", "state", "opened", "steps")
    return section("deviations", telling, Table(words("deviations.caption"), columns, found))


def _deviation(one: Row, steps: tuple[str, ...], telling: Telling) -> tuple[Cell, ...]:
    words = telling.words
    about = [words("for_test", test=one["test"])] if one["test"] else []
    about += [one["because"]] if one["because"] else []
    tone: Tone = "good" if one["state"] == "closed" else "bad"
    return (
        Cell(words.code("cause", one["name"]), lines=tuple(about)),
        Cell(words.code("severity", one["severity"])),
        Cell(marks=(Mark(words.code("state", one["state"]), tone),)),
        Cell(telling.moment(one["at"])),
        Cell(lines=steps),
    )


def alarms(rows: "BatchRows", telling: Telling) -> Section:
    """Alarms that fell into the time of the batch."""
    words = telling.words
    found = tuple(
        (
            Cell(one["name"], lines=(one["because"],) if one["because"] else ()),
            Cell(short(one["equipment"])),
            Cell(marks=(_severity(one["severity"], telling),)),
            Cell(telling.moment(one["at"])),
            Cell(telling.moment(one["until"]) or words("alarm.open")),
            Cell(one["done_by"] or words("alarm.unacknowledged")),
        )
        for one in _of_kind(rows, "alert")
    )
    columns = ("alarm", "equipment", "severity", "start", "end", "acknowledged")
    table = Table(words("alarms.caption"), heads(telling, *columns), found)
    return section("alarms", telling, table)


def _severity(severity: str, telling: Telling) -> Mark:
    return Mark(telling.words.code("severity", severity), _SEVERITIES.get(severity, "plain"))


def oee(rows: "BatchRows", telling: Telling) -> Section:
    """What was reported first, and what is known by now, for each equipment."""
    first = {one["equipment"]: one for one in rows.reports}
    tables = (_figures(one, first.get(one["equipment"]), telling) for one in rows.figures)
    return section("oee", telling, *tables, note=telling.words("oee.note"))


def _figures(now: Row, first: Row | None, telling: Telling) -> Table:
    words = telling.words
    told = [(words(f"figure.{name}"), ratio, name) for name in _RATIOS]
    told += [(words(f"head.{name}"), number, name) for name in ("good", "scrap")]
    found = tuple(
        _figure(title, tell(first and first[name]), tell(now[name]), telling)
        for title, tell, name in told
    )
    caption = words("oee.caption", equipment=short(now["equipment"]))
    return Table(caption, heads(telling, "figure", "first", "now"), found)


def _figure(title: str, first: str, now: str, telling: Telling) -> tuple[Cell, ...]:
    is_restated = bool(first) and first != now
    marks = (Mark(telling.words("mark.restated"), "warn"),) if is_restated else ()
    return Cell(title), Cell(first or NOTHING), Cell(now or NOTHING, marks)


def critical(rows: "BatchRows", telling: Telling) -> Section:
    """Figures of critical tags, and what edges did not see."""
    words = telling.words
    names = ("tag", "min", "mean", "max", "samples", "gap", "limits", "outside")
    found = tuple(_tag(one, telling) for one in rows.critical)
    missed = tuple(
        (
            Cell(short(one["equipment"])),
            Cell(telling.moment(one["start"])),
            Cell(telling.moment(one["end"])),
            Cell(one["reason"]),
        )
        for one in rows.gaps
    )
    return section(
        "critical",
        telling,
        Table(words("critical.caption"), heads(telling, *names), found),
        Table(
            words("gaps.caption"), heads(telling, "equipment", "from", "until", "reason"), missed
        ),
        note=words("critical.note"),
    )


def _tag(one: Row, telling: Telling) -> tuple[Cell, ...]:
    words = telling.words
    out = {name: one[f"{name}_s"] for name in ("below", "above") if one[f"{name}_s"]}
    marks = (Mark(words("mark.outside"), "bad"),) if out else ()
    missing = (Mark(words("mark.no_samples"), "bad"),) if is_unknown(one) else ()
    bad = (words("bad_samples", number=one["bad_samples"]),) if one["bad_samples"] else ()
    figures = (with_unit(number(one[name]), one["unit"]) for name in ("minimum", "mean", "maximum"))
    return (
        Cell(one["tag"], lines=(short(one["equipment"]),)),
        *(Cell(figure if one["minimum"] is not None else NOTHING) for figure in figures),
        Cell(str(one["samples"]), missing, (*bad, *_carried(one, telling))),
        Cell(span(one["longest_gap_s"]) or NOTHING),
        Cell(telling.limits(one["lower_limit"], one["upper_limit"], one["unit"]) or NOTHING),
        Cell(
            "" if out else NOTHING,
            marks,
            tuple(words(name, duration=span(seconds)) for name, seconds in out.items()),
        ),
    )


def _carried(one: Row, telling: Telling) -> Iterable[str]:
    """The value that held when the batch began, where it was seen before."""
    if one["carried_at"] is not None:
        began = telling.words("carried", when=telling.moment(one["carried_at"]))
        value = with_unit(number(one["carried_value"]), one["unit"])
        yield began if one["carried_value"] is None else f"{began}: {value}"


def signatures(rows: "BatchRows", telling: Telling) -> Section:
    """Decisions on the batch, those that were refused as well, and all signatures."""
    words = telling.words
    decided = tuple(_decided(one, telling) for one in _of_kind(rows, "disposition"))
    signed = tuple(_signed(one, telling) for one in rows.signatures)
    named = heads(telling, "when", "who", "decision", "reason", "answer")
    return section(
        "signatures",
        telling,
        Table(words("decisions.caption"), named, decided),
        Table(
            words("signatures.caption"),
            heads(telling, "when", "who", "signed", "meaning", "content", "seal", "answer"),
            signed,
        ),
    )


def _decided(one: Row, telling: Telling) -> tuple[Cell, ...]:
    answer = {True: "accepted", False: "refused", None: None}[one["accepted"]]
    return (
        Cell(telling.moment(one["at"])),
        Cell(one["done_by"]),
        Cell(telling.words.code("decision", one["name"])),
        Cell(one["because"] or NOTHING),
        _answer(answer, telling),
    )


def _signed(one: Row, telling: Telling) -> tuple[Cell, ...]:
    words = telling.words
    of = "decision" if one["kind"] == "disposition" else "step"
    what = words.code(of, one["what"])
    roles = (", ".join(one["roles"]),) if one["roles"] else ()
    return (
        Cell(telling.moment(one["signed_at"])),
        Cell(one["signed_by"], lines=(one["login"], *roles)),
        Cell(words.code("kind", one["kind"]), lines=(what,)),
        Cell(one["meaning"]),
        Cell(lines=_broken(one["content_sha256"])),
        Cell(marks=(Mark(words.code("seal", one["fit"]), _SEALS[one["fit"]]),)),
        _answer(one["answer"], telling),
    )


def _answer(answer: str | None, telling: Telling) -> Cell:
    tones: dict[str | None, Tone] = {"accepted": "good", "refused": "bad"}
    told = telling.words.code("answer", answer) or telling.words("unknown")
    return Cell(marks=(Mark(told, tones.get(answer, "warn")),))


def _broken(digest: str) -> tuple[str, ...]:
    """A digest in lines that fit a page."""
    return tuple(digest[start : start + 16] for start in range(0, len(digest), 16))


def _of_kind(rows: "BatchRows", kind: str) -> Iterable[Row]:
    return [one for one in rows.known if one["kind"] == kind]
