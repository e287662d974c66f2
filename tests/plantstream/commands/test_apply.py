"""`plantstream apply`: what is shown, what is published, what stands in the audit trail."""

import asyncio
from itertools import count
from pathlib import Path

import pytest

from plantstream.runtime.acl import APPLYING
from plantstream.runtime.errors import FencedError
from plantstream.runtime.kafka.exclusive import exclusively
from plantstream.runtime.kafka.whole import read_partitions
from plantstream.runtime.ports import Outgoing
from schemas.audit import AuditEntry
from schemas.codec import decode
from schemas.model import PlantPublished
from schemas.topics import AUDIT_ENTRY, MODEL, Topic
from tests.ingest.kit import PLANT
from tests.plantstream.commands.conftest import Line, Run, started

pytestmark = pytest.mark.integration

WHO = ("--as", "Ana Ruiz", "--reason", "new calendar")
_sites = count()


@pytest.fixture
def site() -> str:
    """A site of its own."""
    return f"site-{next(_sites)}"


@pytest.fixture
def file(tmp_path: Path, site: str) -> Path:
    path = tmp_path / "plant.yaml"
    path.write_text(PLANT.replace("site: town", f"site: {site}"))
    return path


def change(file: Path, was: str, is_now: str) -> None:
    text = file.read_text()
    assert was in text
    file.write_text(text.replace(was, is_now))


def held(line: Line, topic: Topic, site: str) -> list[PlantPublished | AuditEntry]:
    async def read() -> list[PlantPublished | AuditEntry]:
        records = read_partitions(line.kafka, topic.name, range(topic.partitions))
        found = [decode(topic, one.value) async for one in records]
        return [one for one in found if one.site == f"acme/{site}"]

    return asyncio.run(read())


@pytest.fixture(autouse=True)
def _at_the_line(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS", line.kafka.bootstrap_servers)


def test_the_first_file_is_number_one_with_who_and_why(
    run: Run, line: Line, file: Path, site: str
) -> None:
    ran = run("apply", file, *WHO)

    assert ran.code == 0, ran.err
    (published,) = held(line, MODEL, site)
    (entry,) = held(line, AUDIT_ENTRY, site)
    assert isinstance(published, PlantPublished)
    assert isinstance(entry, AuditEntry)
    assert (published.number, published.applied_by, published.text) == (
        1,
        "Ana Ruiz",
        file.read_text(),
    )
    assert (entry.actor, entry.action, entry.reason) == (
        "Ana Ruiz",
        "apply plant file",
        "new calendar",
    )
    assert entry.before is None
    assert entry.after
    assert entry.after["number"] == 1


def test_the_difference_is_shown_and_the_next_number_given(
    run: Run, line: Line, file: Path, site: str
) -> None:
    run("apply", file, *WHO)
    change(file, "name: Test plant", "name: Larger plant")

    ran = run("apply", file, *WHO, "--at", "2090-01-01T06:00-06:00")

    assert ran.code == 0, ran.err
    assert "-name: Test plant" in ran.lines
    assert "+name: Larger plant" in ran.lines
    newest = max(held(line, MODEL, site), key=lambda one: getattr(one, "number", 0))
    assert isinstance(newest, PlantPublished)
    assert newest.number == 2
    assert newest.in_force_from
    assert newest.in_force_from.isoformat() == "2090-01-01T12:00:00+00:00"


def test_a_dry_run_changes_nothing(run: Run, line: Line, file: Path, site: str) -> None:
    ran = run("apply", file, *WHO, "--dry-run")

    assert ran.lines[-1] == "nothing was changed"
    assert not held(line, MODEL, site)
    assert not held(line, AUDIT_ENTRY, site)


def test_the_same_file_again_is_no_act(run: Run, line: Line, file: Path, site: str) -> None:
    run("apply", file, *WHO)

    ran = run("apply", file, *WHO)

    assert ran.code == 0
    assert "what was applied last" in ran.out
    assert len(held(line, AUDIT_ENTRY, site)) == 1


def test_who_read_the_number_before_somebody_else_began_cannot_write(
    run: Run, line: Line, file: Path, site: str
) -> None:
    name = f"{APPLYING}acme/{site}"

    async def overtaken() -> None:
        async with exclusively(line.kafka, name) as writer:
            ran = await asyncio.to_thread(run, "apply", file, *WHO)
            assert ran.code == 0, ran.err
            with pytest.raises(FencedError):
                await writer.send([Outgoing(MODEL.name, 0, b"key", b"{}")])

    asyncio.run(overtaken())
    assert [one.number for one in held(line, MODEL, site) if isinstance(one, PlantPublished)] == [1]


def test_files_applied_at_the_same_moment_never_share_a_number(
    line: Line, tmp_path: Path, site: str
) -> None:
    """Each is a process of its own; who is overtaken says so, and has changed nothing."""
    running = []
    for number in range(3):
        file = tmp_path / f"plant-{number}.yaml"
        text = PLANT.replace("site: town", f"site: {site}")
        file.write_text(text.replace("name: Test plant", f"name: Plant {number}"))
        running.append((str(file), started("apply", str(file), *WHO)))
    ended = [(name, one.communicate(timeout=60), one.returncode) for name, one in running]

    applied = {name for name, _, code in ended if code == 0}
    overtaken = [said for _, (_, said), code in ended if code == 1]
    assert len(applied) + len(overtaken) == len(ended), ended
    assert all("apply it again" in " ".join(said.split()) for said in overtaken)
    files = [one for one in held(line, MODEL, site) if isinstance(one, PlantPublished)]
    assert {one.file for one in files} == applied
    assert sorted(one.number for one in files) == list(range(1, len(applied) + 1))
    assert len(held(line, AUDIT_ENTRY, site)) == len(applied)


def test_a_file_with_mistakes_is_never_applied(run: Run, line: Line, file: Path, site: str) -> None:
    change(file, "time_zone: UTC", "timezone: UTC")

    ran = run("apply", file, *WHO)

    assert ran.code == 78
    assert "did you mean time_zone?" in ran.err
    assert not held(line, MODEL, site)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--as", " ", "--reason", "x"), "--as"),
        (("--as", "Ana", "--reason", ""), "--reason"),
        ((*WHO, "--at", "2020-01-01T06:00Z"), "is past"),
    ],
)
def test_what_the_audit_trail_needs_is_asked_for(
    run: Run, line: Line, file: Path, site: str, words: tuple[str, ...], said: str
) -> None:
    ran = run("apply", file, *words)

    assert ran.code != 0
    assert said in ran.err
    assert not held(line, MODEL, site)
