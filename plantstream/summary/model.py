"""A summary as a document: words and figures in their order, for whatever renders it. Pure."""

from dataclasses import dataclass
from typing import Literal

LONG_WORD = 24
"""Characters: a longer word may be broken anywhere, so that a table fits its page."""
Tone = Literal["good", "bad", "warn", "plain"]
"""How a mark is coloured; its text says the same."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A word that has to be seen, such as FAIL or CORRECTED."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a place of a table: marks, a text, and lines below it."""

    text: str = ""
    marks: tuple[Mark, ...] = ()
    lines: tuple[str, ...] = ()

    @property
    def has_long_word(self) -> bool:
        """Whether it has to be broken within a word."""
        words = " ".join((self.text, *self.lines)).split()
        return any(len(word) > LONG_WORD for word in words)


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and what it is."""

    name: str
    value: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under their heads; the first cell of a row names it."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with tables, or with the sentence that there is nothing."""

    id: str
    title: str
    tables: tuple[Table, ...]
    empty: str
    """What is said if no table has a row."""
    note: str = ""

    @property
    def filled(self) -> tuple[Table, ...]:
        """Tables with rows."""
        return tuple(one for one in self.tables if one.rows)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the batch can be released, and why."""

    tone: Tone
    title: str
    because: tuple[str, ...]
    """What stands against it; empty if nothing does."""
    remarks: tuple[str, ...]
    """What has to be known and does not stand against it."""
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Labels:
    """Headings that every rendering has."""

    verdict: str
    against: str
    remarks: str
    identity: str
    about: str
    page: str


@dataclass(frozen=True, slots=True)
class Summary:
    """The whole document."""

    language: str
    title: str
    subtitle: str
    labels: Labels
    verdict: Verdict
    identity: tuple[Fact, ...]
    equipment: Table
    sections: tuple[Section, ...]
    about: tuple[str, ...]
    """The footer: when it was made and of what, and what the marks mean."""
