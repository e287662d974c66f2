"""`users` as people run it: the second factor is told once, and every change is in the trail."""

import asyncio
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyotp
import pytest

from plantstream.runtime.kafka.whole import read_partitions
from plantstream.runtime.people.factors import fits
from plantstream.runtime.people.file import PeopleFile
from schemas.codec import decode
from schemas.topics import AUDIT_ENTRY
from tests.plantstream.commands.conftest import Line, Run

pytestmark = pytest.mark.integration

WHO = ("--as", "Ben Soto", "--reason", "new analyst", "--site", "acme/users")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "password").write_text("a long pass phrase\n")
    return tmp_path / "edge"


def entries(line: Line) -> list[Any]:
    async def read() -> list[Any]:
        records = read_partitions(line.kafka, AUDIT_ENTRY.name, [0])
        told = [decode(AUDIT_ENTRY, one.value) async for one in records]
        return [one for one in told if one.site == "acme/users"]

    return asyncio.run(read())


def test_on_a_terminal_the_second_factor_is_shown_as_a_code(home: Path, line: Line):
    ours, theirs = pty.openpty()
    named = ("--name", "Cai", "--password-file", home.parent / "password", "--data-dir", home)
    done = subprocess.run(
        [sys.executable, "-m", "plantstream", "users", "add", "cai", *map(str, named), *WHO],
        env={**os.environ, "PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS": line.kafka.bootstrap_servers},
        stdout=subprocess.PIPE,
        stderr=theirs,
        timeout=60,
        check=True,
    )
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)

    assert done.stdout.decode().startswith("otpauth://totp/")
    assert sum("█" in row or "▀" in row or "▄" in row for row in shown.splitlines()) >= 15


def test_people_are_added_changed_and_disabled_and_each_change_is_audited(
    run: Run, line: Line, home: Path
):
    place = ("--data-dir", home)
    password = ("--password-file", home.parent / "password")
    added = run(
        "users", "add", "ana", "--name", "Ana Ruiz", "--role", "qa", *password, *WHO, *place
    )
    assert added.code == 0, added.err
    changed = run("users", "roles", "ana", "--role", "release", "--role", "qa", *WHO, *place)
    disabled = run("users", "disable", "ana", *WHO, *place)

    assert (changed.code, disabled.code) == (0, 0)
    (address,) = added.lines
    person = PeopleFile(home / "people.json").known("ana")
    assert pyotp.parse_uri(address).secret == person.secret
    assert fits("a long pass phrase", person.password)
    (row,) = run("users", "list", *place, "--json").json
    assert row | {"created_at": ""} == {
        "login": "ana",
        "name": "Ana Ruiz",
        "roles": ["qa", "release"],
        "disabled": True,
        "created_at": "",
    }
    told = entries(line)[-3:]
    assert [(one.actor, one.action, one.subject) for one in told] == [
        ("Ben Soto", "user.added", "ana"),
        ("Ben Soto", "user.roles", "ana"),
        ("Ben Soto", "user.disabled", "ana"),
    ]
    assert (told[1].before, told[1].after) == ({"roles": ["qa"]}, {"roles": ["qa", "release"]})
    said = "".join(one.model_dump_json() for one in told)
    assert person.secret not in said
    assert person.password not in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(("add", "Ana", "--name", "Ana"), "is no login", id="no login"),
        pytest.param(("roles", "eve"), "knows nobody", id="nobody"),
        pytest.param(("disable", "eve"), "knows nobody", id="nobody to disable"),
    ],
)
def test_what_cannot_be_changes_nothing_and_is_not_audited(
    run: Run, line: Line, home: Path, words: tuple[str, ...], said: str
):
    before = len(entries(line))

    ran = run("users", *words, *WHO, "--data-dir", home)

    assert ran.code == 78
    assert said in ran.err
    assert (len(entries(line)), home.exists()) == (before, False)
