"""Entries to a chain: numbers without holes, one record per entry, the same bytes again."""

import hashlib

from hypothesis import given, strategies as st

from plantstream.runtime.ports import Record
from processors.audit.engine import REMEMBERED, AuditEngine
from processors.step import Engine
from processors.streams.batch import Outcome, apply, read, versions
from processors.streams.memory import Memory
from schemas.audit import FIRST, record_hash
from schemas.canonical import canonical
from schemas.codec import decode, encode
from schemas.partitioning import partition_of
from schemas.topics import AUDIT, AUDIT_ENTRY
from tests.processors.audit.trail import BEGIN, ENGINE, SITE, chained, entry


def test_each_record_has_the_hash_of_the_one_before():
    records = chained([entry(n) for n in (1, 2, 3)])

    assert [one.number for one in records] == [1, 2, 3]
    assert [one.previous for one in records] == [FIRST, records[0].hash, records[1].hash]
    for one in records:
        text = canonical(one.entry).decode()
        assert one.hash == record_hash(SITE, one.number, one.previous, text)


def test_the_hash_is_that_of_the_canonical_record():
    (record,) = chained([entry(1)])

    hashed = record.model_dump(mode="json", include={"entry", "number", "previous", "site"})
    assert record.hash == hashlib.sha256(canonical(hashed)).hexdigest()


def test_an_entry_that_comes_again_is_chained_once():
    first = ENGINE.advance(ENGINE.load(SITE, {}), [entry(1), entry(1), entry(2)], None)
    again = ENGINE.advance(first.state, [entry(2), entry(1), entry(3)], None)

    assert [one.record_key for one in first.outputs] == [f"{SITE}/1", f"{SITE}/2"]
    assert [one.record_key for one in again.outputs] == [f"{SITE}/3"]


def test_the_same_id_with_another_content_is_an_act_of_its_own():
    records = chained([entry(1), entry(1, reason="another")])

    assert [one.number for one in records] == [1, 2]


def test_sites_have_chains_of_their_own():
    memory, outcome = Memory(), Outcome("audit")
    told = [entry(1), entry(1, "acme/south"), entry(2), entry(2, "acme/south")]
    records = [
        Record(AUDIT_ENTRY.name, 0, n, one.id.encode(), encode(one)) for n, one in enumerate(told)
    ]

    arrivals = read(records, outcome, BEGIN)
    assert versions(arrivals) == set()
    apply(ENGINE, memory, arrivals, {}, outcome, BEGIN)

    keys = [one.key.decode() for one in outcome.outputs]
    assert sorted(keys) == ["acme/north/1", "acme/north/2", "acme/south/1", "acme/south/2"]
    assert {one.partition for one in outcome.outputs} == {partition_of(b"", AUDIT.partitions)}
    assert not outcome.buried


def test_a_new_record_changes_two_rows():
    state = ENGINE.advance(ENGINE.load(SITE, {}), [entry(n) for n in range(50)], None).state
    before = ENGINE.dump(state)
    after = ENGINE.dump(ENGINE.advance(state, [entry(50)], None).state)

    changed = {name for name, row in after.items() if before.get(name) != row}
    assert changed == {"head", "recent/51"}


def test_repeats_are_known_among_the_newest_only_and_rows_do_not_grow():
    entries = [entry(n) for n in range(REMEMBERED + 5)]
    state = ENGINE.advance(ENGINE.load(SITE, {}), entries, None).state

    rows = ENGINE.dump(state)
    assert len(rows) == REMEMBERED + 1
    again = ENGINE.advance(ENGINE.load(SITE, rows), [entries[5], entries[4]], None)
    assert [decode(AUDIT, encode(one.record)).number for one in again.outputs] == [len(entries) + 1]


def test_it_is_an_engine():
    engine: Engine[object] = AuditEngine()  # type: ignore[assignment] # its state is a Chain
    state = ENGINE.load(SITE, {})

    assert engine.name == "audit"
    assert ENGINE.tick(state, BEGIN, None).state is state  # type: ignore[arg-type]
    assert ENGINE.dump(state) == {}


@given(st.lists(st.integers(0, 30), max_size=60), st.data())
def test_any_cut_into_batches_with_any_crash_makes_the_same_bytes(
    numbers: list[int], data: st.DataObject
):
    entries = [entry(n) for n in numbers]
    whole = [encode(one) for one in chained(entries)]

    state, rest, told = ENGINE.load(SITE, {}), entries, []
    while rest:
        cut = data.draw(st.integers(1, len(rest)))
        lost = ENGINE.advance(state, rest[:cut], None)
        kept = ENGINE.advance(ENGINE.load(SITE, ENGINE.dump(state)), rest[:cut], None)
        assert [encode(one.record) for one in lost.outputs] == [
            encode(one.record) for one in kept.outputs
        ]
        told += [encode(one.record) for one in kept.outputs]
        state, rest = kept.state, rest[cut:]

    assert told == whole
