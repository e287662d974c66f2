"""What a table is, and values as PostgreSQL can hold them. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plantstream.runtime.errors import RejectedError

Row = tuple[Any, ...]

_BIGINT = range(-(2**63), 2**63)
_NUL_IN_JSON = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table that is written by rows: its columns with their types, and its key."""

    name: str
    columns: Mapping[str, str]
    row: Callable[[Any], Row]
    key: tuple[str, ...] = ()
    replaces: bool = False
    """A row with the same key replaces the one before; otherwise the first one stays."""
    each: Callable[[Any], Iterable[Any]] = lambda record: (record,)
    """What of a record makes a row each."""

    def row_of(self, one: Any) -> Row:
        """One row, as the database can hold it.

        Raises:
            RejectedError: a number beyond 64 bits.
        """
        return tuple(map(fitting, self.columns, self.row(one)))

    def rows_of(self, record: Any) -> list[Row]:
        """The rows of a record; see `row_of` for what it raises."""
        return [self.row_of(one) for one in self.each(record)]

    def newest(self, rows: Sequence[Row]) -> list[Row]:
        """The rows to write: of several with one key only the last, if it replaces the others."""
        if not self.replaces:
            return list(rows)
        at = [list(self.columns).index(name) for name in self.key]
        return list({tuple(row[index] for index in at): row for row in rows}.values())


def storable(text: str) -> str:
    """The text as PostgreSQL can hold it: NUL, which it forbids, becomes its sign U+2400."""
    return text.replace("\0", "\u2400") if "\0" in text else text


def storable_json(text: str) -> str:
    """JSON as `jsonb` can hold it."""
    return _NUL_IN_JSON.sub(r"\1\\u2400", text) if "\\u0000" in text else text


def fitting(name: str, value: Any) -> Any:
    """The value as the column of this name can hold it.

    Raises:
        RejectedError: a number beyond 64 bits.
    """
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, int) and value not in _BIGINT:
        raise RejectedError(f"{name}: a number beyond 64 bits")
    return value


def columns(**groups: str) -> dict[str, str]:
    """Columns by type: `text="run equipment"`, in the order of the row."""
    return {name: kind for kind, names in groups.items() for name in names.split()}
