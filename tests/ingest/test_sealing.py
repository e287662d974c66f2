"""Drafts to entries: ids, dead letters, and gaps that may be dropped themselves."""

import pytest

from ingest.drafts import Draft
from ingest.input import Stated, Unreadable
from ingest.ports import Loss
from ingest.sealing import CountedStamps, entries, gaps, seal_event, seal_stated, seal_unreadable
from schemas.acts import Acknowledgement
from schemas.deadletter import MAX_BYTES
from schemas.lab import Disposition
from schemas.machine import Gap, Heartbeat
from schemas.topics import LAB, MACHINE, OPERATOR, TELEMETRY
from tests.ingest.kit import REACTOR, at, moment


def test_a_gap_that_is_dropped_itself_is_found_from_where_it_began() -> None:
    draft = Draft(Gap, REACTOR, at(60), {"start": at(10), "reason": "line cut"})

    (entry,) = entries("edge", [seal_event(CountedStamps("edge", "e"), draft, moment())])

    assert entry.at == at(10)


@pytest.mark.parametrize(
    ("topic", "reasons"),
    [
        pytest.param(MACHINE.name, ["spool full: 7 records dropped"], id="machine events"),
        pytest.param(TELEMETRY.name, [], id="samples say nothing of a machine's time"),
    ],
)
def test_only_lost_machine_events_make_a_gap(topic: str, reasons: list[str]) -> None:
    found = gaps([Loss(topic, REACTOR, 7, at(0), at(9))])

    assert [draft.fields["reason"] for draft in found] == reasons


def test_of_endless_garbage_only_the_beginning_is_kept() -> None:
    seen = Unreadable("f.csv", 3, b"x" * (MAX_BYTES + 1), "too long")

    letter = seal_unreadable(CountedStamps("edge", "e"), seen, moment())

    assert (letter.value, letter.size) == (b"x" * MAX_BYTES, MAX_BYTES + 1)


def test_ids_name_source_epoch_and_number() -> None:
    stamps = CountedStamps("edge", "e")
    found = [seal_event(stamps, Draft(Heartbeat, REACTOR, at(n)), moment()) for n in range(2)]

    assert [str(one.id) for one in found] == ["edge/e/0", "edge/e/1"]


def test_what_is_stated_counts_up_per_topic_and_partition_key() -> None:
    stamps = CountedStamps("edge", "e")
    said = {"site": "acme/town", "by": "ana", "statement": "s1"}
    batch = said | {"batch": "B", "decision": "release"}
    drafts = [
        Stated(LAB.name, f"acme/town/{name}", Disposition, at(0), batch | {"product": name})
        for name in ("P1", "P1", "P2")
    ]
    act = said | {"fingerprint": "f"}
    drafts.append(Stated(OPERATOR.name, "acme/town", Acknowledgement, at(0), act))

    found = entries("edge", [seal_stated(stamps, draft, moment()) for draft in drafts])

    assert [(one.topic, one.partition_key, one.record_key, one.seq) for one in found] == [
        (LAB.name, "acme/town/P1", "acme/town/P1", 0),
        (LAB.name, "acme/town/P1", "acme/town/P1", 1),
        (LAB.name, "acme/town/P2", "acme/town/P2", 0),
        (OPERATOR.name, "acme/town", "s1", 0),
    ]
