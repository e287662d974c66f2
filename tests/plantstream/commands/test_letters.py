from typing import Any

import pytest
import typer

from plantstream.commands.letters import as_it_was, find, origin, refusal
from plantstream.runtime.ports import Outgoing, Record
from plantstream.runtime.settings import KafkaSettings
from schemas.codec import encode
from schemas.deadletter import MAX_BYTES, DeadLetter
from schemas.partitioning import partition_of
from schemas.topics import DEADLETTER
from tests.makers import MONDAY, PATH


def letter(**fields: Any) -> DeadLetter:
    given: dict[str, Any] = {
        "id": "plant.machine.v1/5/3",
        "service": "process",
        "topic": "plant.machine.v1",
        "partition": 5,
        "offset": 3,
        "key": b"key",
        "value": b"{nope",
        "size": 5,
        "reason": "no JSON",
        "buried_at": MONDAY,
    }
    return DeadLetter.model_construct(**(given | fields))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        pytest.param({}, None, id="whole and from a topic"),
        pytest.param(
            {"topic": None, "partition": None, "file": "a.csv", "line": 4},
            "it came from a.csv:4, not from a topic",
            id="from a file",
        ),
        pytest.param(
            {"value": b"x" * MAX_BYTES, "size": 70_000},
            "only the first 65536 of its 70000 bytes were kept",
            id="truncated",
        ),
        pytest.param({"value": b"", "size": 0}, "it has no bytes", id="empty"),
        pytest.param({"topic": "other.v1"}, "other.v1 is not in the catalogue", id="strange topic"),
        pytest.param({"partition": None, "key": None}, "nobody knows its partition", id="nowhere"),
        pytest.param({"partition": None, "key": PATH.encode()}, None, id="key gives the partition"),
        pytest.param(
            {"topic": "plant.kpi.v1", "partition": None},
            "nobody knows its partition",
            id="key names the record, not the partition",
        ),
    ],
)
def test_a_letter_is_refused_with_a_reason(fields: dict[str, Any], reason: str | None):
    found = refusal(letter(**fields))
    assert (found is None) if reason is None else (found or "").startswith(reason)


@pytest.mark.parametrize("word", ["", " "])
async def test_a_blank_word_does_not_name_the_only_letter(word: str, monkeypatch):
    async def only(*_: Any) -> Any:
        yield Record(DEADLETTER.name, 0, 0, b"key", encode(letter()))

    monkeypatch.setattr("plantstream.commands.letters.read_partitions", only)
    assert await find(KafkaSettings(), ["plant.machine"]) == [letter()]
    with pytest.raises(typer.BadParameter, match="it is empty and names nothing"):
        await find(KafkaSettings(), ["plant.machine", word])


def test_a_record_comes_back_as_it_was():
    assert as_it_was(letter()) == Outgoing("plant.machine.v1", 5, b"key", b"{nope")


def test_without_a_partition_the_key_decides_as_it_does_for_a_producer():
    sent = as_it_was(letter(partition=None, key=PATH.encode()))
    assert sent.partition == partition_of(PATH.encode(), 12)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        pytest.param({}, "plant.machine.v1/5@3", id="a record"),
        pytest.param({"partition": None, "offset": None}, "plant.machine.v1", id="never sent"),
        pytest.param({"topic": None, "file": "a.csv", "line": 4}, "a.csv:4", id="a row"),
        pytest.param({"topic": None, "file": "opc.tcp://x"}, "opc.tcp://x", id="a source"),
        pytest.param({"topic": None}, "nowhere known", id="nothing said"),
    ],
)
def test_origin_says_where_the_bytes_stood(fields: dict[str, Any], text: str):
    assert origin(letter(**fields)) == text
