"""A summary as text for a terminal. Control characters of others come as escapes."""

from collections.abc import Iterable, Iterator

from plantstream.summary.model import Cell, Fact, Section, Summary, Table


def as_text(summary: Summary) -> str:
    """The whole document."""
    return "".join(f"{_printable(line)}\n" for line in _lines(summary))


def _lines(summary: Summary) -> Iterator[str]:
    labels, verdict = summary.labels, summary.verdict
    yield from (summary.title, summary.subtitle, "")
    yield f"{labels.verdict.upper()}: {verdict.title}"
    for label, said in ((labels.against, verdict.because), (labels.remarks, verdict.remarks)):
        if said:
            yield from (f"  {label}:", *(f"  - {one}" for one in said))
    yield from _facts(verdict.facts)
    yield from ("", labels.identity.upper(), *_facts(summary.identity))
    yield from _table(summary.equipment)
    for section in summary.sections:
        yield from _section(section)
    yield from ("", labels.about.upper(), *(f"  {one}" for one in summary.about))


def _facts(facts: Iterable[Fact]) -> Iterator[str]:
    return (f"  {one.name}: {one.value}" for one in facts)


def _section(section: Section) -> Iterator[str]:
    yield from ("", section.title.upper())
    if not section.filled:
        yield f"  {section.empty}"
    for table in section.filled:
        yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    """A row is a line or more: its first cell, and the others with their heads."""
    if table.rows:
        yield f"  {table.caption}:"
    for first, *rest in table.rows:
        yield f"  * {_cell(first)}"
        for head, cell in zip(table.heads[1:], rest, strict=True):
            if told := _cell(cell):
                yield f"      {head}: {told}"


def _cell(cell: Cell) -> str:
    marks = (f"[{mark.text}]" for mark in cell.marks)
    return " ".join(filter(None, (*marks, cell.text, "; ".join(cell.lines))))


def _printable(line: str) -> str:
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in line
    )
