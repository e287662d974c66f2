"""`python -m sinks.timescale.reference` writes what views and functions say of themselves."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from psycopg import Connection

from plantstream.runtime.settings import DatabaseSettings
from sinks.timescale.connection import connect_blocking, translated

_HEAD = """# SQL reference

Made from the comments in the database by `python -m sinks.timescale.reference`; do not edit.
Questions with their answers are in [Asking in SQL](sql.md). Views with the same columns stand
together. `run` is `''` for live data. Columns are added and never changed; tables are the sink's
own, and may change.
"""
_VIEWS = """
    SELECT c.relname, obj_description(c.oid, 'pg_class'), a.attname,
           format_type(a.atttypid, a.atttypmod), col_description(c.oid, a.attnum)
    FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('v', 'm')
        AND a.attnum > 0 AND NOT a.attisdropped
        AND NOT EXISTS (SELECT FROM pg_depend
            WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e')
    ORDER BY c.relname, a.attnum
"""
_FUNCTIONS = """
    SELECT p.proname, pg_get_function_arguments(p.oid),
           coalesce(pg_get_function_result(p.oid), ''), obj_description(p.oid, 'pg_proc')
    FROM pg_proc AS p
    WHERE p.pronamespace = current_schema()::regnamespace AND p.prorettype <> 'trigger'::regtype
        AND NOT EXISTS (SELECT FROM pg_depend
            WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e')
    ORDER BY p.proname, p.oid
"""
_TABLES = """
    SELECT c.relname, obj_description(c.oid, 'pg_class') FROM pg_class AS c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
        AND c.relname <> 'schema_migration'
        AND NOT EXISTS (SELECT FROM pg_depend
            WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e')
    ORDER BY c.relname
"""
_BEFORE_OUTPUTS = "TABLE("


class Column(NamedTuple):
    """A column of a view; `about` is empty where nobody has explained it."""

    name: str
    type: str
    about: str


class View(NamedTuple):
    """A view, and what it says of itself."""

    name: str
    about: str
    columns: tuple[Column, ...]


class Function(NamedTuple):
    """A function, with arguments and result as PostgreSQL writes them."""

    name: str
    arguments: str
    result: str
    about: str


def views(connection: Connection) -> list[View]:
    """All of our views by name."""
    found: dict[str, View] = {}
    for name, about, *column in connection.execute(_VIEWS).fetchall():
        view = found.setdefault(name, View(name, about or "", ()))
        known = Column(column[0], column[1], column[2] or "")
        found[name] = view._replace(columns=(*view.columns, known))
    return list(found.values())


def functions(connection: Connection) -> list[Function]:
    """All of our functions by name, without those of triggers."""
    return [
        Function(name, arguments, result, about or "")
        for name, arguments, result, about in connection.execute(_FUNCTIONS).fetchall()
    ]


def reference(connection: Connection) -> str:
    """The page, as Markdown."""
    lines = [_HEAD, "## Views", ""]
    for group in _alike(views(connection)):
        lines += [f"### {', '.join(one.name for one in group)}", ""]
        lines += [line for one in group for line in _told(one, alone=len(group) == 1)]
        lines += ["| column | type | what it is |", "|---|---|---|"]
        lines += [f"| `{c.name}` | {c.type} | {_cell(c.about)} |" for c in group[0].columns]
        lines.append("")
    lines += ["## Functions", ""]
    for one in functions(connection):
        lines += [f"### {one.name}", "", f"`{one.name}({one.arguments})`", "", one.about, ""]
        lines += [f"Gives {_outputs(one)}.", ""]
    lines += ["## Tables", "", "| table | what it holds |", "|---|---|"]
    tables = connection.execute(_TABLES).fetchall()
    lines += [f"| `{name}` | {_cell(about or '')} |" for name, about in tables]
    return "\n".join(lines) + "\n"


def _alike(found: Iterable[View]) -> Iterator[Sequence[View]]:
    """Views together that have the same columns with the same meaning."""
    groups: dict[tuple[Column, ...], list[View]] = {}
    for one in found:
        groups.setdefault(one.columns, []).append(one)
    yield from groups.values()


def _told(view: View, *, alone: bool) -> list[str]:
    return [view.about, ""] if alone else [f"`{view.name}`: {view.about}", ""]


def _outputs(function: Function) -> str:
    if function.result.startswith(_BEFORE_OUTPUTS):
        names = function.result.removeprefix(_BEFORE_OUTPUTS).removesuffix(")")
        return f"rows of `{names}`"
    return f"`{function.result}`" if function.result else "nothing"


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")


def main() -> None:
    """Write the page to stdout."""
    settings = DatabaseSettings()
    with connect_blocking(settings) as connection, translated(settings):
        sys.stdout.write(reference(connection))


if __name__ == "__main__":
    main()
