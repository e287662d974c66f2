"""A migration file: dbmate's markers, and its statements with their lines. Pure."""

import hashlib
import re
from dataclasses import dataclass

_MARKER = re.compile(r"^--\s*migrate:(up|down)\b(.*)$", re.MULTILINE)
_TOKEN = re.compile(
    r"""--[^\n]*            # a comment
      | /\*.*?\*/          # a long comment
      | '(?:[^']|'')*'     # a text
      | "(?:[^"]|"")*"     # a quoted name
      | (\$\w*\$).*?\1     # a text between dollars
      | ;                  # the end of a statement
    """,
    re.DOTALL | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, and the line of the file on which it begins (from 1)."""

    line: int
    sql: str


@dataclass(frozen=True, slots=True)
class Section:
    """What is done going up or down."""

    statements: tuple[Statement, ...]
    in_transaction: bool = True


@dataclass(frozen=True, slots=True)
class Script:
    """One migration file."""

    name: str
    sha256: str
    up: Section
    down: Section

    @property
    def is_timescale(self) -> bool:
        """Whether it needs the extension."""
        return self.name.endswith(".timescale.sql")

    @property
    def order(self) -> tuple[str, bool]:
        """001.sql, 001.timescale.sql, 002.sql."""
        return self.name.partition(".")[0], self.is_timescale


def parse(name: str, text: str) -> Script:
    """Read a migration file.

    Raises:
        ValueError: a marker is missing, or stands twice.
    """
    markers = list(_MARKER.finditer(text))
    if [marker[1] for marker in markers] != ["up", "down"]:
        raise ValueError(f"{name}: needs one `-- migrate:up` and then one `-- migrate:down`")
    up, down = markers
    return Script(
        name,
        hashlib.sha256(text.encode()).hexdigest(),
        up=_section(text, up, down.start()),
        down=_section(text, down, len(text)),
    )


def _section(text: str, marker: re.Match[str], end: int) -> Section:
    statements = []
    begin = marker.end()
    for token in _TOKEN.finditer(text, marker.end(), end):
        if token[0] == ";":
            statements.append((begin, text[begin : token.start()]))
            begin = token.end()
    statements.append((begin, text[begin:end]))
    return Section(
        tuple(_statement(text, begin, sql) for begin, sql in statements if _says_something(sql)),
        in_transaction="transaction:false" not in marker[2],
    )


def _statement(text: str, begin: int, sql: str) -> Statement:
    """The statement without what stands before its first word."""
    skipped = len(sql) - len(_after_comments(sql))
    return Statement(text.count("\n", 0, begin + skipped) + 1, sql[skipped:].rstrip())


def _says_something(sql: str) -> bool:
    return bool(_after_comments(sql))


def _after_comments(sql: str) -> str:
    rest = sql.lstrip()
    while rest.startswith(("--", "/*")):
        end = rest.find("\n") if rest.startswith("--") else rest.find("*/") + 1
        rest = rest[end + 1 :].lstrip() if end > 0 else ""
    return rest
