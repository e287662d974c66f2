"""Migration files: markers, statements, lines."""

import pytest

from sinks.timescale.migrate import scripts
from sinks.timescale.script import parse

FILE = """-- What it is for.
-- migrate:up

CREATE TABLE a (
    b text DEFAULT 'a;b''c'
);
-- A comment; with a semicolon.
DO $x$ BEGIN
    PERFORM 1;
END $x$;
/* one
more; */ SELECT ";" FROM a

-- migrate:down transaction:false
DROP TABLE a;
-- The end.
"""


def test_statements_and_their_lines():
    script = parse("001.sql", FILE)

    assert [one.line for one in script.up.statements] == [4, 8, 12]
    assert script.up.statements[0].sql.startswith("CREATE TABLE a (")
    assert script.up.statements[1].sql == "DO $x$ BEGIN\n    PERFORM 1;\nEND $x$"
    assert script.up.statements[2].sql == 'SELECT ";" FROM a'
    assert [one.sql for one in script.down.statements] == ["DROP TABLE a"]
    assert (script.up.in_transaction, script.down.in_transaction) == (True, False)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("SELECT 1;", id="no marker"),
        pytest.param("-- migrate:up\nSELECT 1;", id="no way down"),
        pytest.param("-- migrate:down\n-- migrate:up\n", id="down before up"),
        pytest.param("-- migrate:up\n-- migrate:up\n-- migrate:down\n", id="up twice"),
    ],
)
def test_a_file_without_both_markers_is_refused(text: str):
    with pytest.raises(ValueError, match=r"003\.sql: needs one"):
        parse("003.sql", text)


def test_our_files_come_in_order_and_plain_leaves_out_timescale():
    names = [script.name for script in scripts()]

    assert names == sorted(names, key=lambda name: (name[:3], "timescale" in name))
    assert [script.name for script in scripts(plain=True)] == [
        name for name in names if "timescale" not in name
    ]
