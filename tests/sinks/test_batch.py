"""What becomes of records: events, dead letters, positions."""

import json
from typing import Any

import pytest

from plantstream.runtime.ports import Record, TopicPartition
from schemas.codec import decode, encode
from schemas.topics import DEADLETTER, MACHINE, TELEMETRY
from sinks.batch import collect, outgoing, read, without
from sinks.position import checksum, position_after
from sinks.resume import Cursor
from tests.sinks.doubles import NOW
from tests.sinks.records import CLUSTER, FRAMES, NUMBER, PRESS, batch, frame, record


def changed(**fields: Any) -> bytes:
    return json.dumps(json.loads(encode(frame())) | fields).encode()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param(b"", "no JSON", id="an empty value"),
        pytest.param(b"\xff\xfe", "no JSON", id="no text"),
        pytest.param(b"[" * 100_000, "no JSON", id="brackets without end"),
        pytest.param(b"null", "no JSON object", id="no object"),
        pytest.param(changed(type="smell"), "unknown type 'smell'", id="an unknown type"),
        pytest.param(changed(version=9), "unknown version '9'", id="an unknown version"),
        pytest.param(changed(columns=[]), "columns", id="a frame without columns"),
        pytest.param(changed(equipment="../../etc"), "equipment", id="no equipment path"),
        pytest.param(
            changed(equipment="acme/north/hall/one/other"),
            "belongs to partition",
            id="an event on a partition that is not its own",
        ),
        pytest.param(
            changed(source_time="0001-01-01T00:00:00+14:00"),
            "outside the years",
            id="a time before the calendar",
        ),
        pytest.param(
            changed(source_time="2026-03-01T06:00:00"), "no zone", id="a time without zone"
        ),
        pytest.param(
            changed(columns=[{"tag": "a", "offset_ms": [0]}]), "numbers or texts", id="no values"
        ),
    ],
)
def test_what_cannot_be_read_is_buried_and_the_rest_goes_on(value: bytes, reason: str):
    read_batch = batch(TELEMETRY, [frame(0), value, frame(1)])

    assert [event.value.id.seq for event in read_batch.events] == [0, 1]
    (letter,) = read_batch.letters
    assert reason in letter.value.reason
    assert letter.value.id == f"{TELEMETRY.name}/{NUMBER}/1"
    assert read_batch.ends() == {FRAMES: 3}


@pytest.mark.parametrize(
    "key", [pytest.param(None, id="no key"), pytest.param(b"", id="empty key")]
)
def test_an_event_without_a_key_is_buried(key: bytes | None):
    keyless = Record(TELEMETRY.name, NUMBER, 0, key, encode(frame()))

    (letter,) = read([keyless], {FRAMES: Cursor(0)}, CLUSTER, NOW).letters

    assert letter.value.reason == "the record has no key"


def test_a_letter_keeps_the_head_of_the_bytes_and_can_be_read_again():
    huge = b"\xff" * 10_000_000

    (letter,) = batch(MACHINE, [huge]).letters
    sent = outgoing(letter)
    again = decode(DEADLETTER, sent.value)

    assert (sent.partition, sent.key) == (NUMBER % DEADLETTER.partitions, PRESS.encode())
    assert (again.size, again.value, again.key) == (len(huge), huge[:65_536], PRESS.encode())


def test_refused_events_become_letters_and_the_positions_stay():
    whole = batch(TELEMETRY, [frame(0), frame(1), frame(2)])

    rest = without(whole, {(FRAMES, 1): "too odd"}, NOW)

    assert [event.value.id.seq for event in rest.events] == [0, 2]
    assert [letter.value.reason for letter in rest.letters] == ["too odd"]
    assert rest.spans == whole.spans


def test_stored_and_foreign_records_are_passed_over():
    records = [record(TELEMETRY, offset, frame(offset)) for offset in range(4)]
    foreign = Record(TELEMETRY.name, NUMBER + 1, 7, b"k", b"v")

    _, unread = collect([*records, foreign], {FRAMES: Cursor(2)})

    assert [one.offset for one in unread] == [2, 3]


def test_the_last_stored_record_is_compared_and_not_stored_again():
    records = [record(TELEMETRY, offset, frame(offset)) for offset in (4, 5)]
    expected = position_after(records[0], CLUSTER)

    checked, unread = collect(records, {FRAMES: Cursor(5, expected=expected)})

    assert checked == {FRAMES: Cursor(5)}
    assert [one.offset for one in unread] == [5]


def test_a_hole_in_the_offsets_is_a_transactions_marker():
    records = [record(TELEMETRY, 0, frame(0)), record(TELEMETRY, 4, frame(1))]

    assert read(records, {FRAMES: Cursor(0)}, CLUSTER, NOW).ends() == {FRAMES: 5}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param((b"ab", b"c"), (b"a", b"bc"), id="the border between key and value"),
        pytest.param((None, b"a"), (b"", b"a"), id="no key and an empty one"),
        pytest.param((b"a", None), (b"a", b""), id="no value and an empty one"),
        pytest.param((b"a", None), (b"a", b"-"), id="a value that looks like none"),
    ],
)
def test_checksums_tell_apart(one: tuple[bytes | None, ...], other: tuple[bytes | None, ...]):
    first, second = (Record("t", 0, 0, key, value) for key, value in (one, other))

    assert checksum(first) != checksum(second)


def test_partitions_of_one_batch_have_spans_of_their_own():
    other = TopicPartition(MACHINE.name, NUMBER)
    records = [
        record(TELEMETRY, 8, frame(0)),
        record(MACHINE, 3, b"?"),
        record(TELEMETRY, 9, frame(1)),
    ]

    made = read(records, {FRAMES: Cursor(8), other: Cursor(1, new=True)}, CLUSTER, NOW)

    assert {span.partition: (span.begin, span.after.next, span.new) for span in made.spans} == {
        FRAMES: (8, 10, False),
        other: (1, 4, True),
    }
