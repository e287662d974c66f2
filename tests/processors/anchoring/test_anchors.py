"""Anchors: made of what is durable, kept before they are sent, verified by the public half."""

import asyncio
import json
import stat
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from plantstream.runtime.errors import (
    FencedError,
    MisconfiguredError,
    RejectedError,
    UnavailableError,
)
from plantstream.runtime.ports import Outgoing
from plantstream.runtime.signing_key import public_file, signing_key, verifying_key
from processors.anchoring.anchors import AnchorKeeper, AnchorMetrics
from processors.anchoring.journal import WatchedJournal
from processors.anchoring.receiver import HttpReceiver
from processors.audit.engine import Head
from processors.streams.memory import Draft, Memory
from schemas.audit import Anchor
from tests.parts import eventually
from tests.processors.audit.trail import BEGIN, ENGINE, SITE, entry

HEAD = Head(7, "ab" * 32)


class Rows:
    """A journal of rows, which may refuse."""

    def __init__(self) -> None:
        self.rows: dict[bytes, bytes] = {}
        self.failure: Exception | None = None

    async def claim(self, partitions: Collection[int]) -> Mapping[int, Mapping[bytes, bytes]]:
        return {one: dict(self.rows) for one in partitions}

    async def commit(
        self, partition: int, rows: Mapping[bytes, bytes | None], outputs: Sequence[Outgoing]
    ) -> None:
        del partition, outputs
        if self.failure is not None:
            raise self.failure
        self.rows |= {key: row for key, row in rows.items() if row is not None}


class Listener:
    """A receiver that is away as often as it is told to be."""

    def __init__(self, away: int = 0) -> None:
        self.away, self.taken = away, list[Anchor]()

    async def take(self, anchor: Anchor) -> None:
        self.away -= 1
        if self.away >= 0:
            raise UnavailableError("away")
        self.taken.append(anchor)


def keeper(
    home: Path, heads: Mapping[str, Head], receiver: Any = None
) -> tuple[AnchorKeeper, CollectorRegistry]:
    registry = CollectorRegistry()
    key = signing_key(home / "anchor.key")
    metrics = AnchorMetrics(registry)
    made = AnchorKeeper(lambda: heads, key, home / "a" / "anchors.jsonl", metrics, receiver)
    return made, registry


def kept(home: Path) -> list[Anchor]:
    lines = (home / "a" / "anchors.jsonl").read_bytes().splitlines()
    return [Anchor.model_validate_json(line) for line in lines]


def rows_after(*numbers: int) -> dict[bytes, bytes | None]:
    """The rows that the shell commits for these entries."""
    draft = Draft()
    state = ENGINE.advance(ENGINE.load(SITE, {}), [entry(n) for n in numbers], None).state
    draft.states[SITE] = state
    return draft.rows(Memory(), ENGINE)


async def test_heads_are_those_of_committed_transactions():
    journal = Rows()
    watched = WatchedJournal(journal)
    await watched.claim([0])
    assert watched.heads() == {}

    await watched.commit(0, rows_after(1, 2), [])
    head = watched.heads()[SITE]
    journal.failure = RejectedError("too large")
    with pytest.raises(RejectedError):
        await watched.commit(0, rows_after(1, 2, 3), [])

    assert (head.number, watched.heads()) == (2, {SITE: head})


@pytest.mark.parametrize("failure", [UnavailableError("away"), FencedError("another")], ids=repr)
async def test_heads_that_another_worker_may_have_by_now_are_known_after_a_claim_alone(
    failure: Exception,
):
    journal = Rows()
    watched = WatchedJournal(journal)
    await watched.claim([0, 1])
    await watched.commit(0, rows_after(1, 2), [])
    journal.failure = failure
    with pytest.raises(type(failure)):
        await watched.commit(0, rows_after(1, 2, 3), [])
    assert watched.heads() == {}

    journal.failure = None
    await watched.commit(1, rows_after(1, 2), [])
    assert watched.heads() == {}

    await watched.claim([0])
    assert watched.heads()[SITE].number == 2


async def test_heads_are_known_again_after_a_restart_and_forgotten_with_the_partition():
    journal = Rows()
    await journal.commit(0, rows_after(1, 2), [])
    watched = WatchedJournal(journal)

    await watched.claim([0])
    assert watched.heads()[SITE].number == 2
    await watched.claim([])
    assert watched.heads() == {}


async def test_an_anchor_is_verified_by_the_public_half_and_by_nothing_else(tmp_path: Path):
    made, _ = keeper(tmp_path, {SITE: HEAD})

    await made.anchor(BEGIN)

    (anchor,) = kept(tmp_path)
    public = verifying_key(public_file(tmp_path / "anchor.key"))
    other = signing_key(tmp_path / "other.key").verifying
    assert (anchor.site, anchor.number, anchor.hash, anchor.at) == (SITE, 7, HEAD.hash, BEGIN)
    assert anchor.key == public.id
    assert public.verifies(anchor.signature, anchor.signed())
    assert not other.verifies(anchor.signature, anchor.signed())
    assert not public.verifies(anchor.signature, anchor.model_copy(update={"number": 8}).signed())
    assert not public.verifies("no base64", anchor.signed())


def test_a_key_is_made_once_and_is_its_owners(tmp_path: Path):
    file = tmp_path / "audit" / "anchor.key"

    first, second = signing_key(file), signing_key(file)

    assert first.verifying.id == second.verifying.id
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in sorted(file.parent.iterdir())] == ["anchor.key", "anchor.pub"]


@pytest.mark.parametrize("text", ["", "-----BEGIN PRIVATE KEY-----\n", "x"])
def test_a_file_that_is_no_key_is_told_and_left_alone(tmp_path: Path, text: str):
    file = tmp_path / "anchor.key"
    file.write_text(text)

    with pytest.raises(MisconfiguredError, match="no private Ed25519 key"):
        signing_key(file)
    with pytest.raises(MisconfiguredError, match="no public key"):
        verifying_key(file)
    assert file.read_text() == text


async def test_a_line_that_a_crash_left_half_spoils_no_other(tmp_path: Path):
    made, _ = keeper(tmp_path, {SITE: HEAD})
    await made.anchor(BEGIN)
    file = tmp_path / "a" / "anchors.jsonl"
    with file.open("a") as to:
        to.write('{"site": "ac')

    await made.anchor(BEGIN)

    lines = file.read_text().splitlines()
    assert [json.loads(line)["number"] for line in (lines[0], lines[2])] == [7, 7]


async def test_what_the_receiver_did_not_take_comes_again_in_order(tmp_path: Path):
    receiver, heads = Listener(away=2), {SITE: HEAD}
    made, registry = keeper(tmp_path, heads, receiver)

    await made.anchor(BEGIN)
    heads[SITE] = Head(8, "cd" * 32)
    await made.anchor(BEGIN + timedelta(hours=1))
    assert (receiver.taken, len(kept(tmp_path))) == ([], 2)
    assert registry.get_sample_value("plantstream_audit_anchors_unsent") == 2
    await made.anchor(BEGIN + timedelta(hours=2))

    assert [one.number for one in receiver.taken] == [7, 8, 8]
    assert registry.get_sample_value("plantstream_audit_anchors_unsent") == 0


async def test_anchors_come_with_the_first_head_after_the_interval_and_when_the_clock_is_set_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("processors.anchoring.anchors._LOOK_S", 0.001)
    heads: dict[str, Head] = {}
    made, _ = keeper(tmp_path, heads)
    now = [BEGIN]
    stopping = asyncio.Event()
    running = asyncio.create_task(made.run(lambda: now[0], timedelta(hours=1), stopping))
    file = tmp_path / "a" / "anchors.jsonl"

    heads[SITE] = HEAD
    await eventually(file.exists)
    now[0] += timedelta(minutes=59)
    await asyncio.sleep(0)
    now[0] += timedelta(minutes=1)
    await eventually(lambda: len(kept(tmp_path)) == 2)
    now[0] -= timedelta(days=1)
    await eventually(lambda: len(kept(tmp_path)) == 3)
    stopping.set()
    await running

    after = [timedelta(), timedelta(hours=1), timedelta(hours=1) - timedelta(days=1)]
    assert [one.at - BEGIN for one in kept(tmp_path)] == after


async def test_an_anchor_is_posted_with_a_token():
    got: list[tuple[str | None, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            got.append((self.headers["authorization"], body))
            self.send_response(204 if len(got) == 1 else 500)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    anchor = Anchor(site=SITE, number=1, hash="ab" * 32, at=BEGIN, key="cd" * 32, signature="x")
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        receiver = HttpReceiver(f"http://127.0.0.1:{server.server_port}/a", SecretStr("t"))
        try:
            await receiver.take(anchor)
            with pytest.raises(UnavailableError, match="500"):
                await receiver.take(anchor)
        finally:
            server.shutdown()
            thread.join()
    with pytest.raises(UnavailableError):
        await receiver.take(anchor)

    assert got[0][0] == "Bearer t"
    assert Anchor.model_validate_json(got[0][1]) == anchor


def test_a_receiver_is_reached_by_http_only():
    with pytest.raises(MisconfiguredError, match="neither https:// nor http://"):
        HttpReceiver("file:///etc/passwd")
