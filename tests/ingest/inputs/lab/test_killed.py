"""The edge is killed between the ledger, the spool and the answer: who asks again counts once."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from schemas.codec import decode
from schemas.topics import LAB
from tests.ingest.inputs.lab.conftest import Laboratory, result

pytestmark = [pytest.mark.kill, pytest.mark.slow]


@contextmanager
def edge(folder: Path, fault: str = "") -> Iterator["subprocess.Popen[str]"]:
    """An edge in a process of its own; it is killed at the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.ingest.inputs.lab.lab_process", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"PLANTSTREAM_FAULT": fault},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=20)


def told(process: "subprocess.Popen[str]", word: str) -> str:
    """The rest of the first line that begins with this word."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(word):
            return line.removeprefix(word).strip()
    raise AssertionError(f"the process ended without saying {word!r}")


def stored(folder: Path) -> list[Any]:
    database = sqlite3.connect(folder / "spool.sqlite")
    try:
        sql = "SELECT value FROM entry WHERE topic = ? ORDER BY number"
        return [decode(LAB, value) for (value,) in database.execute(sql, (LAB.name,))]
    finally:
        database.close()


@pytest.mark.parametrize("fault", ["lab.noted@2", "lab.stored@2"])
def test_what_was_not_answered_is_said_again_and_stored_once(laboratory: Laboratory, fault: str):
    headers = {"Authorization": f"Bearer {laboratory.token}"}
    with edge(laboratory.folder, fault) as process:
        address = f"http://127.0.0.1:{told(process, 'port')}/v1/events"
        before = httpx2.post(address, json=result(id="k0"), headers=headers, timeout=20)
        with pytest.raises(httpx2.TimeoutException):
            httpx2.post(address, json=result(id="k1"), headers=headers, timeout=0.5)
        told(process, "holding")
    with edge(laboratory.folder) as process:
        address = f"http://127.0.0.1:{told(process, 'port')}/v1/events"
        answers = [
            httpx2.post(address, json=result(id=name), headers=headers, timeout=20)
            for name in ("k0", "k1", "k1")
        ]

    assert [one.status_code for one in (before, *answers)] == [202] * 4
    assert answers[0].json() == before.json()
    found = stored(laboratory.folder)
    assert [one.statement for one in found] == [
        before.json()["statement"],
        answers[1].json()["statement"],
    ]
    assert [one.id.seq for one in found] == [0, 1]
