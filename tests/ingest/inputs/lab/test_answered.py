"""Asking the laboratory interface what the stream made of a statement."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from ingest.inputs.lab.answered import Answered
from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.ports import Record
from schemas.codec import encode
from schemas.quality import LabAnswer, Objection
from schemas.record import EventId
from schemas.topics import LAB_ANSWER
from tests.ingest.inputs.lab.conftest import Edge, Laboratory, result

SITE = "acme/town"
UNKNOWN = "0" * 32


def answer(statement: str, *refused: tuple[str, str], site: str = SITE, run: str = "") -> Record:
    objections = tuple(Objection(field=field, reason=reason) for field, reason in refused)
    told = LabAnswer(
        run=run,
        plant_version="v1",
        site=site,
        product="P1",
        statement=statement,
        event=EventId(source="edge", epoch="e", seq=1),
        by="ana.ruiz",
        at=datetime(2026, 3, 1, tzinfo=UTC),
        answer="refused" if refused else "accepted",
        objections=objections,
    )
    return Record(LAB_ANSWER.name, 0, 0, b"key", encode(told))


class Stream:
    """A topic that may be away."""

    def __init__(self) -> None:
        self.written: list[Record] = []
        self.is_away = False
        self.changed = asyncio.Event()

    def write(self, *records: Record) -> None:
        self.written += records
        self.changed.set()

    def go_away(self) -> None:
        self.is_away = True
        self.changed.set()

    @asynccontextmanager
    async def follow(self) -> AsyncIterator[AsyncIterator[Record]]:
        if self.is_away:
            raise UnavailableError("nobody answers")
        yield self._records()

    async def _records(self) -> AsyncIterator[Record]:
        read = 0
        while not self.is_away:
            self.changed.clear()
            for record in self.written[read:]:
                read += 1
                yield record
            await self.changed.wait()
        raise UnavailableError("answers no more")


@pytest.fixture
async def stream(laboratory: Laboratory) -> Stream:
    made = Stream()
    laboratory.answers = made.follow
    return made


@pytest.fixture
async def asked(stream: Stream, laboratory: Laboratory) -> AsyncIterator[Edge]:
    assert laboratory.answers == stream.follow
    async with laboratory.edge() as edge:
        yield edge


async def test_a_statement_is_not_known_until_the_stream_answers(asked: Edge, stream: Stream):
    statement = (await asked.post(result())).json()["statement"]

    early = await asked.client.get(f"/v1/events/{statement}")
    assert (early.status_code, early.json()) == (202, {"statement": statement, "answer": None})
    assert early.headers["retry-after"] == "1"

    stream.write(answer(statement))
    assert await told(asked, statement) == {
        "statement": statement,
        "answer": "accepted",
        "objections": [],
    }


async def test_a_refusal_names_fields_and_reasons_and_the_newest_answer_counts(
    asked: Edge, stream: Stream
):
    stream.write(answer(UNKNOWN), answer(UNKNOWN, ("batch", "no equipment has begun it")))

    assert (await told(asked, UNKNOWN))["objections"] == [
        {"field": "batch", "reason": "no equipment has begun it"}
    ]


async def test_answers_that_were_there_before_the_edge_are_known(
    stream: Stream, laboratory: Laboratory
):
    stream.write(answer(UNKNOWN))
    async with laboratory.edge() as edge:
        assert (await told(edge, UNKNOWN))["answer"] == "accepted"


async def test_while_the_stream_is_away_what_is_known_is_told_and_the_rest_asked_for_again(
    asked: Edge, stream: Stream
):
    stream.write(answer(UNKNOWN))
    await told(asked, UNKNOWN)
    stream.go_away()

    await eventually_status(asked, "1" * 32, 503)
    assert (await asked.client.get(f"/v1/events/{UNKNOWN}")).status_code == 200

    stream.is_away = False
    stream.write(answer("1" * 32))
    assert (await told(asked, "1" * 32))["answer"] == "accepted"


async def test_an_edge_that_follows_nothing_says_so(edge: Edge):
    asked = await edge.client.get(f"/v1/events/{UNKNOWN}")

    assert asked.status_code == 503
    assert "not read here" in asked.json()["error"]


async def test_without_a_token_nobody_asks(asked: Edge):
    asked.client.headers.pop("authorization")

    assert (await asked.client.get(f"/v1/events/{UNKNOWN}")).status_code == 401


async def test_what_is_no_id_is_not_found(asked: Edge):
    assert (await asked.client.get("/v1/events/mine")).status_code == 404


def test_only_the_newest_answers_of_the_site_are_kept():
    answered = Answered(SITE, limit=2)
    for record in (
        answer("a"),
        answer("b"),
        answer("a", ("by", "tested it")),
        answer("c"),
        answer("d", site="acme/other"),
        answer("e", run="replay"),
        Record(LAB_ANSWER.name, 0, 0, b"key", b"no JSON"),
        Record(LAB_ANSWER.name, 0, 0, b"key", None),
    ):
        answered.take(record)

    known = {name: answered.find(name) for name in "abcde"}
    assert [name for name, found in known.items() if found is not None] == ["a", "c"]
    assert known["a"] is not None
    assert known["a"].answer == "refused"


async def told(edge: Edge, statement: str) -> dict[str, object]:
    """The answer, once there is one."""
    await eventually_status(edge, statement, 200)
    found: dict[str, object] = (await edge.client.get(f"/v1/events/{statement}")).json()
    return found


async def eventually_status(edge: Edge, statement: str, status: int) -> None:
    async with asyncio.timeout(10):
        while (await edge.client.get(f"/v1/events/{statement}")).status_code != status:  # noqa: ASYNC110 - HTTP tells nobody
            await asyncio.sleep(0.01)
