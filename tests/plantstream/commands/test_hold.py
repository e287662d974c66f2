"""People hold records of batches, and a real sink stores what they say."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from plantstream.runtime import clock
from plantstream.runtime.kafka.whole import read_partitions
from plantstream.runtime.ports import Outgoing
from schemas.codec import decode, encode
from schemas.model import PlantPublished
from schemas.topics import AUDIT_ENTRY, MODEL
from sinks.timescale.connection import connect_blocking
from tests.parts import free_port
from tests.plantstream.commands.conftest import Line, Ran, Run
from tests.processors.dispatch.site import plant

pytestmark = pytest.mark.integration

SITE = "acme/hills"
FILE = plant(site="hills")
WHO = ("--as", "ana", "--site", SITE)
LIMIT_S = 60.0
MADE = """
    INSERT INTO batch_made
        (run, site, product, equipment, batch, start, "end", withdrawn, plant_version)
    VALUES
        ('', %(site)s, 'P', %(site)s || '/a/l/press', %(batch)s, %(start)s, %(end)s, false, 'v1')
    ON CONFLICT DO NOTHING
"""


@pytest.fixture(scope="module")
def sink(parts: Line) -> Iterator[None]:
    """It runs until the module's tests are over, and the site has a plant file."""
    published = PlantPublished(
        site=SITE,
        plant_version=FILE.version,
        file="plant.yaml",
        text=FILE.text,
        published_at=clock.now(),
        number=1,
    )
    parts.send([Outgoing(MODEL.name, 0, SITE.encode(), encode(published))])
    command = [sys.executable, "-m", "plantstream", "sink", "--port", str(free_port())]
    named = {
        "PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS": parts.kafka.bootstrap_servers,
        "PLANTSTREAM_DATABASE_HOST": parts.database.host,
        "PLANTSTREAM_DATABASE_PORT": str(parts.database.port),
    }
    with subprocess.Popen(command, env=os.environ | named, stderr=subprocess.DEVNULL) as process:
        yield
        process.terminate()


@pytest.fixture
def storing(line: Line, sink: None) -> Line:
    """A site with a sink."""
    del sink
    return line


def made(line: Line, batch: str, years_ago: float) -> None:
    """An equipment made the batch then."""
    start = clock.now() - timedelta(days=366 * years_ago)
    given = {"site": SITE, "batch": batch, "start": start, "end": start + timedelta(hours=1)}
    with connect_blocking(line.database) as connection:
        connection.execute(MADE.encode(), given)


def test_holds_are_stored_listed_and_each_released_by_itself(run: Run, storing: Line):
    made(storing, "B-1", 10)
    added = until_done(run, "hold", "add", "B-1", *WHO, "--reason", "complaint 17")
    assert "the record of B-1 at acme/hills is held" in added.err
    assert "nothing is stored" not in added.err
    second = run("hold", "add", "B-1", *WHO, "--reason", "recall", "--json").json
    assert (second["stands"], second["held_by"]) == (True, "ana")

    several = run("hold", "release", "B-1", *WHO, "--reason", "answered")
    assert several.code == 2
    assert "released by itself" in several.err
    which = ("--hold", added.lines[-1])
    assert run("hold", "release", "B-1", *WHO, "--reason", "answered", *which).code == 0

    listed = run("hold", "list", "--batch", "B-1", "--json").json
    standing = {one["hold"] for one in listed}
    assert second["hold"] in standing
    assert added.lines[-1] not in standing
    assert len(run("hold", "list", "--all", "--batch", "B-1", "--json").json) >= 2
    assert "recall" in run("hold", "list").out
    told = [(one.action, one.subject, one.reason) for one in entries(storing)]
    assert ("command.batch_held", "B-1", "complaint 17") in told
    assert ("command.hold_released", "B-1", "answered") in told


def test_old_records_are_deleted_unless_they_are_held(run: Run, storing: Line):
    for batch, years in (("B-6", 10), ("B-7", 10), ("B-8", 1)):
        made(storing, batch, years)
    until_done(run, "hold", "add", "B-6", *WHO, "--reason", "complaint")

    seen = states(run("db", "retain", "--dry-run", "--json"))
    assert (seen["B-6"], seen["B-7"]) == ("kept", "due")
    ran = until_done(run, "db", "retain", "--json")

    done = states(ran)
    assert (done["B-6"], done["B-7"]) == ("kept", "deleted")
    assert "B-8" not in done
    told = [(one.action, one.subject, one.reason) for one in entries(storing)]
    assert ("record.delete", "B-7", "its time is over") in told
    again = run("hold", "add", "B-7", *WHO, "--reason", "too late")
    assert again.code == 0
    assert "nothing is stored of batch B-7 at acme/hills: deleted at" in again.err


def test_a_batch_that_may_come_is_held_with_a_warning(run: Run, storing: Line):
    del storing
    ran = until_done(run, "hold", "add", "B-99", *WHO, "--reason", "may come")
    assert "nothing is stored of batch B-99 at acme/hills" in ran.err


def test_without_a_database_it_is_written_and_said(
    run: Run, storing: Line, monkeypatch: pytest.MonkeyPatch
):
    del storing
    monkeypatch.setenv("PLANTSTREAM_DATABASE_PORT", str(free_port()))
    ran = run("hold", "add", "B-5", *WHO, "--reason", "complaint")
    assert ran.code == 1
    assert len(ran.lines) == 1
    assert "nothing is deleted before plantstream sink has stored it" in ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["add", "B-1", *WHO], "--reason", id="no reason"),
        pytest.param(["add", "B-1", *WHO, "--reason", " "], "it is empty", id="an empty reason"),
        pytest.param(["add", " ", *WHO, "--reason", "why"], "it is empty", id="no batch"),
        pytest.param(["add", "B-1", "--reason", "why"], "--as", id="nobody"),
        pytest.param(["release", "B-1", *WHO], "--reason", id="released without a reason"),
    ],
)
def test_wrong_usage_exits_2(run: Run, words: list[str], said: str):
    ran = run("hold", *words)
    assert ran.code == 2
    assert said in ran.err


def test_what_is_to_come_is_only_looked_at(run: Run):
    ran = run("db", "retain", "--as-of", "2190-01-01")
    assert ran.code == 2
    assert "nothing is deleted before its time" in ran.err


def states(ran: Ran) -> dict[str, str]:
    """What became of each record."""
    return {one["batch"]: one["state"] for one in ran.json}


def until_done(run: Run, *words: str) -> Ran:
    """Said again until the sink is up and stores it."""
    deadline = time.monotonic() + LIMIT_S
    while (ran := run(*words)).code and time.monotonic() < deadline:
        pass
    assert ran.code == 0, ran.err
    return ran


def entries(line: Line) -> list[Any]:
    async def read() -> list[Any]:
        records = read_partitions(line.kafka, AUDIT_ENTRY.name, [0])
        return [decode(AUDIT_ENTRY, one.value) async for one in records]

    return asyncio.run(read())
