import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from plantstream.runtime.kafka.whole import read_partitions
from plantstream.runtime.ports import Outgoing, Record
from processors.streams.batch import dead_letter
from schemas.codec import decode, encode
from schemas.deadletter import DeadLetter
from schemas.model import PlantPublished
from schemas.topics import AUDIT_ENTRY, DEADLETTER, MACHINE, MODEL, Topic
from tests.makers import MONDAY
from tests.plantstream.commands.conftest import Line, Run

pytestmark = pytest.mark.integration

_offsets = count(1_000_000)


def buried(line: Line, value: bytes = b"{nope\xff", age_s: float = 0) -> str:
    """The id of a letter about a record of plant.machine.v1/5."""
    record = Record(MACHINE.name, 5, next(_offsets), b"key", value)
    letter = dead_letter(record, "oee", "no JSON", MONDAY - timedelta(seconds=age_s))
    line.send([letter])
    return f"{MACHINE.name}/5/{record.offset}"


def buried_row(line: Line) -> str:
    letter = DeadLetter.model_construct(
        id=f"edge/e{next(_offsets)}/1",
        service="edge",
        file="a.csv",
        line=4,
        value=b"1;2",
        size=3,
        reason="2 columns, not 3",
        buried_at=MONDAY,
    )
    line.send([Outgoing(DEADLETTER.name, 0, b"", encode(letter))])
    return letter.id


def published(line: Line) -> None:
    plant = PlantPublished(
        site="acme/north", plant_version="p", file="plant.yaml", text="", published_at=MONDAY
    )
    line.send([Outgoing(MODEL.name, 0, b"acme/north/p", encode(plant))])


def held(line: Line, topic: Topic, partition: int) -> Sequence[Record]:
    async def read() -> list[Record]:
        return [one async for one in read_partitions(line.kafka, topic.name, [partition])]

    return asyncio.run(read())


def acts(line: Line, subject: str) -> list[Any]:
    entries = [decode(AUDIT_ENTRY, one.value) for one in held(line, AUDIT_ENTRY, 0)]
    return [one for one in entries if one.subject == subject]


def test_the_list_is_newest_first_with_whole_ids_and_reasons(run: Run, line: Line):
    older, newer = buried(line, age_s=60), buried(line, age_s=30)
    listed = [one["id"] for one in run("deadletters", "list", "--json").json]
    assert listed.index(newer) < listed.index(older)
    (row,) = [row for row in run("deadletters", "list").lines if older in row.split()]
    assert row.split()[:2] == ["2026-03-02T05:59:00Z", "process/oee"]
    assert row.endswith("no JSON")


def test_a_record_that_was_buried_twice_is_listed_once(run: Run, line: Line):
    again = Record(MACHINE.name, 5, next(_offsets), b"key", b"x")
    line.send([dead_letter(again, "oee", "no JSON", MONDAY)] * 2)
    listed = [one["id"] for one in run("deadletters", "list", "--json").json]
    assert listed.count(f"{MACHINE.name}/5/{again.offset}") == 1


def test_the_limit_keeps_the_newest(run: Run, line: Line):
    newest = buried(line, age_s=-3600)
    buried(line, age_s=3600)
    assert [one["id"] for one in run("deadletters", "list", "--limit", 1, "--json").json] == [
        newest
    ]


def test_show_dumps_the_bytes_and_says_whether_a_replay_is_possible(run: Run, line: Line):
    ran = run("deadletters", "show", buried(line))
    assert ran.code == 0
    assert "replay   possible" in ran.lines
    assert ran.lines[-1] == f"00000000  {'7b 6e 6f 70 65 ff':47}  {{nope."


def test_show_as_json_has_the_bytes_in_base64(run: Run, line: Line):
    said = run("deadletters", "show", buried(line), "--json").json
    assert said["value_base64"] == "e25vcGX/"
    assert said["value"] is None
    assert said["key"] == "key"


def test_a_long_value_is_dumped_in_part_unless_all_is_asked_for(run: Run, line: Line):
    letter = buried(line, b"x" * 5000)
    short = run("deadletters", "show", letter)
    assert "904 more bytes; show them with --all" in short.err
    assert len(run("deadletters", "show", letter, "--all").lines) == len(short.lines) + 57


def test_an_id_may_be_cut_short_where_only_one_begins_so(run: Run, line: Line):
    letter = buried_row(line)
    assert run("deadletters", "show", letter[:-2], "--json").json["id"] == letter
    buried_row(line)
    ambiguous = run("deadletters", "show", "edge/")
    assert ambiguous.code == 2
    assert "more than one letter begins with edge/" in ambiguous.err


def test_replay_sends_the_original_bytes_back_and_says_who_and_why(run: Run, line: Line):
    published(line)
    letter = buried(line)
    who = ("--as", "Ana", "--reason", "reader was mended", "--site", "acme/north")
    ran = run("deadletters", "replay", letter, *who)
    assert ran.code == 0
    sent = held(line, MACHINE, 5)[-1]
    assert (sent.key, sent.value) == (b"key", b"{nope\xff")
    (entry,) = acts(line, letter)
    assert (entry.actor, entry.action) == ("Ana", "deadletter.replay")
    assert (entry.site, entry.reason) == ("acme/north", "reader was mended")
    (row,) = [one for one in run("deadletters", "list", "--json").json if one["id"] == letter]
    assert row["replayed_at"] is not None


def test_all_are_sent_or_none_and_every_refusal_is_said(run: Run, line: Line):
    good, long, row = buried(line), buried(line, b"x" * 70_000), buried_row(line)
    before = len(held(line, MACHINE, 5))
    ran = run(
        *("deadletters", "replay", good, long, row),
        *("--as", "Ana", "--reason", "try", "--site", "acme/north"),
    )
    assert ran.code == 1
    assert f"{long} cannot be sent again: only the first 65536 of its 70000 bytes" in ran.err
    assert f"{row} cannot be sent again: it came from a.csv:4" in ran.err
    assert "nothing was sent" in ran.err
    assert len(held(line, MACHINE, 5)) == before
    assert acts(line, good) == []


@pytest.mark.usefixtures("line")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["show", "zzz"], "no such letter: zzz", id="no such letter"),
        pytest.param(["replay", "x", "--as", "Ana"], "--reason", id="no reason"),
        pytest.param(["replay", "x", "--reason", "why"], "--as", id="nobody"),
        pytest.param(["replay"], "ID", id="no letter"),
    ],
)
def test_wrong_usage_exits_2(run: Run, words: list[str], said: str):
    ran = run("deadletters", *words)
    assert ran.code == 2
    assert said in ran.err


def test_an_empty_name_is_wrong_usage(run: Run, line: Line):
    ran = run("deadletters", "replay", buried(line), "--as", " ", "--reason", "why")
    assert ran.code == 2
    assert "--as" in ran.err
