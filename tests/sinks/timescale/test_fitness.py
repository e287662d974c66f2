"""Each fault of a database is named once, with what mends it."""

from dataclasses import replace
from typing import Any

import pytest

from sinks.timescale.fitness import (
    bookkeeping_faults,
    is_plain,
    migration_faults,
    server_faults,
    told,
    writing_faults,
)
from sinks.timescale.migrate import scripts
from tests.sinks.timescale.fit import FIT

NOTHING_INSTALLED: dict[str, Any] = {
    "timescale": None,
    "available": None,
    "license": None,
    "restoring": None,
    "workers": None,
    "launcher": False,
}


def test_a_database_that_lacks_nothing_has_no_fault():
    assert server_faults(FIT, plain=False) == []
    assert migration_faults(FIT, scripts(), []) == []
    assert writing_faults(FIT) == []
    assert bookkeeping_faults(FIT) == []


@pytest.mark.parametrize(
    ("changed", "what", "advice"),
    [
        pytest.param(NOTHING_INSTALLED, "no TimescaleDB", "--plain", id="nothing is installed"),
        pytest.param(
            {"license": "apache"}, "Apache edition", "not timescaledb-2-oss", id="edition"
        ),
        pytest.param({"timescale": "2.9.3"}, "2.9.3 is too old", "EXTENSION", id="old TimescaleDB"),
        pytest.param({"postgres": 14}, "PostgreSQL 14 is too old", "15 or newer", id="old server"),
        pytest.param({"workers": "0"}, "no background workers", "to 16", id="no workers"),
        pytest.param({"workers": None}, "no background", "preload", id="loaded too late"),
        pytest.param({"processes": 1}, "no background", "max_worker_processes", id="no room"),
        pytest.param({"restoring": "on"}, "no background", "post_restore", id="being restored"),
        pytest.param({"launcher": False}, "no background", "launcher", id="no launcher"),
        pytest.param(
            {"zone": "America/Mexico_City", "zone_is_utc": False},
            "America/Mexico_City",
            "SET TimeZone TO 'UTC'",
            id="another time zone",
        ),
    ],
)
def test_what_is_wrong_with_a_server(changed: dict[str, Any], what: str, advice: str):
    (fault,) = server_faults(replace(FIT, **changed), plain=False)

    assert what in fault.what
    assert advice in fault.advice


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(
            {"timescale": "2.23.0-dev", "launcher": None}, id="a newer one, not to be seen"
        ),
        pytest.param({"built": "emcc (Emscripten)", "workers": None}, id="the trial build"),
        pytest.param(NOTHING_INSTALLED | {"timescale": None, "available": "2.23.0"}, id="to come"),
    ],
)
def test_what_is_right(changed: dict[str, Any]):
    assert server_faults(replace(FIT, **changed), plain=False) == []


def test_plain_postgresql_is_asked_nothing_about_timescaledb():
    bare = replace(FIT, **NOTHING_INSTALLED)

    assert server_faults(bare, plain=True) == []
    assert is_plain(bare, ["001.sql"])
    assert not is_plain(bare, [])
    assert not is_plain(bare, ["001.sql", "001.timescale.sql"])


@pytest.mark.parametrize(
    ("changed", "what", "advice"),
    [
        pytest.param(
            {"relations": ("sample", "orders", "dead_letter")},
            "did not make: dead_letter, sample",
            "PLANTSTREAM_DATABASE_NAME",
            id="tables of others",
        ),
        pytest.param(
            {"may_create": False}, "not create tables in schema public", "GRANT", id="use"
        ),
        pytest.param(
            {"may_create_roles": False, "roles": ()},
            "the roles plantstream_owner",
            "CREATE ROLE plantstream_writer NOLOGIN",
            id="no right to make roles",
        ),
        pytest.param(
            {"may_create_extension": False, "timescale": None},
            "the extension timescaledb",
            "as superuser",
            id="no right to make the extension",
        ),
    ],
)
def test_why_migrations_would_fail(changed: dict[str, Any], what: str, advice: str):
    (fault,) = migration_faults(replace(FIT, **changed), scripts(), [])

    assert what in fault.what
    assert advice in fault.advice


def test_what_is_applied_is_in_nobodys_way():
    ours = replace(FIT, relations=("sample", "telemetry"), may_create=False)

    assert migration_faults(ours, [], scripts()) == []


def test_a_sink_without_rights_and_a_table_of_somebody_else():
    (rights,) = writing_faults(replace(FIT, unwritable=("sample",)))
    assert "ana may not write sample" in rights.what
    assert 'GRANT plantstream_writer TO "ana"' in rights.advice
    (table,) = bookkeeping_faults(replace(FIT, bookkeeping=("version",)))
    assert "somebody else's" in table.what


def test_all_faults_stand_in_one_message():
    both = server_faults(replace(FIT, license="apache", workers="0"), plain=False)

    assert told(both).count("; also, ") == 1
    assert told(both).endswith("Nothing was changed")
