"""What somebody who owns the database can do to a trail, and that it is found and named."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from processors.audit.examine import MOST_FINDINGS, Finding, examine
from schemas.audit import Anchor, StoredRecord, record_hash
from tests.processors.audit.trail import SITE, anchor, chained, entry, stored, trail

LENGTH = 12
TRAIL = trail(LENGTH)
ANCHORS = [anchor(TRAIL[3]), anchor(TRAIL[7]), anchor(TRAIL[-1], 30)]
FLIPPABLE = (
    "site",
    "number",
    "previous",
    "hash",
    "entry",
    "at",
    "id",
    "actor",
    "action",
    "subject",
)


def found(records: Sequence[StoredRecord], anchors: Sequence[Anchor] = ()) -> list[Finding]:
    """As the table gives them: by site, number and hash."""
    return examine(sorted(records, key=lambda one: one[:2] + one[3:4]), anchors).found


def kinds(findings: Sequence[Finding]) -> list[tuple[str, int, int]]:
    return [(one.kind, one.number, one.last) for one in findings]


def rewritten(records: Sequence[StoredRecord], first: int, actor: str) -> list[StoredRecord]:
    """All from record `first` on made anew, with sound hashes, as somebody who knows how would."""
    done = list(records[: first - 1])
    previous = records[first - 1].previous
    for record in records[first - 1 :]:
        text = record.entry.replace("Ana Ruiz", actor)
        hashed = record_hash(record.site, record.number, previous, text)
        done.append(record._replace(previous=previous, hash=hashed, entry=text, actor=actor))
        previous = hashed
    return done


def bitten(record: StoredRecord, column: str, place: int, bit: int) -> StoredRecord | None:
    """One bit of one column turned around, or None where no such value can be stored."""
    value = getattr(record, column)
    if column == "number":
        return record._replace(number=value ^ (1 << bit))
    if column == "at":
        return record._replace(at=value + timedelta(microseconds=1 << bit))
    raw = bytearray(value.encode())
    raw[place % len(raw)] ^= 1 << (bit % 8)
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else record._replace(**{column: text})  # type: ignore[arg-type] # a column of texts


def test_a_whole_trail_is_whole():
    findings = examine(TRAIL, ANCHORS)

    assert (findings.count, findings.records, findings.anchors) == (0, LENGTH, 3)
    assert findings.heads == {SITE: LENGTH}


def test_an_empty_trail_is_whole_until_an_anchor_says_otherwise():
    assert found([]) == []
    assert kinds(found([], [ANCHORS[0]])) == [("truncated", 1, 4)]


@given(
    at=st.integers(0, LENGTH - 1),
    column=st.sampled_from(FLIPPABLE),
    place=st.integers(0, 400),
    bit=st.integers(0, 30),
)
def test_any_bit_turned_around_is_found_at_its_record(at: int, column: str, place: int, bit: int):
    turned = bitten(TRAIL[at], column, place, bit)
    if turned is None:
        return

    findings = found([*TRAIL[:at], turned, *TRAIL[at + 1 :]], ANCHORS)

    assert at + 1 in {n for one in findings for n in range(one.number, one.last + 1)}
    if column not in {"site", "number"}:
        assert kinds(findings)[0] == ("changed", at + 1, at + 1)


@given(at=st.integers(0, LENGTH - 2))
def test_any_record_taken_out_is_missing(at: int):
    assert kinds(found(TRAIL[:at] + TRAIL[at + 1 :])) == [("missing", at + 1, at + 1)]


@given(cut=st.integers(0, LENGTH - 1))
def test_any_cut_end_is_truncated(cut: int):
    findings = found(TRAIL[:cut], ANCHORS)

    assert kinds(findings) == [("truncated", cut + 1, LENGTH)]


@given(at=st.integers(1, LENGTH), sound=st.booleans())
def test_any_record_put_in_is_found(at: int, sound: bool):
    other = stored(chained([entry(99)])[0])._replace(number=at, previous=TRAIL[at - 1].previous)
    hashed = record_hash(SITE, at, other.previous, other.entry) if sound else "ab" * 32

    findings = found([*TRAIL, other._replace(hash=hashed)], ANCHORS)

    assert kinds(findings) == [("forked" if sound else "inserted", at, at)]
    assert "rule 99" in findings[0].told


@given(first=st.integers(1, LENGTH))
def test_any_part_written_anew_with_sound_hashes_departs_from_the_anchors(first: int):
    findings = found(rewritten(TRAIL, first, "Eve"), ANCHORS)

    agreed = max([one.number for one in ANCHORS if one.number < first], default=0)
    departs = min(one.number for one in ANCHORS if one.number >= first)
    assert kinds(findings) == [("forked", agreed + 1, departs)]


@given(first=st.integers(2, LENGTH))
def test_a_second_chain_beside_the_first_is_a_fork(first: int):
    second = rewritten(TRAIL, first, "Eve")[first - 1 :]

    findings = found([*TRAIL, *second], ANCHORS)

    assert ("forked", first, first) in kinds(findings)
    assert {one.kind for one in findings} == {"forked"}


@given(at=st.integers(1, LENGTH - 1))
def test_a_record_put_in_anothers_place_with_a_sound_hash_is_found_by_the_next(at: int):
    replaced = rewritten(TRAIL[:at], at, "Eve")[-1]

    findings = found([*TRAIL[: at - 1], replaced, *TRAIL[at:]])

    assert kinds(findings) == [("forked", at + 1, at + 1)]
    assert f"record {at} as that is stored" in findings[0].told


def test_without_anchors_a_cut_end_is_not_seen_and_that_is_why_there_are_anchors():
    assert found(TRAIL[:5]) == []


def test_a_number_below_one_was_put_in():
    assert kinds(found([TRAIL[0]._replace(number=0), *TRAIL])) == [("inserted", 0, 0)]


@pytest.mark.parametrize("text", ["[1]", "{", '{"at": 5}', "[" * 20_000])
def test_a_sound_hash_over_no_entry_is_a_change(text: str):
    last = TRAIL[-1]
    hashed = record_hash(SITE, last.number, last.previous, text)

    findings = found([*TRAIL[:-1], last._replace(entry=text, hash=hashed, at=None)])

    assert kinds(findings) == [("changed", LENGTH, LENGTH)]


def test_findings_name_the_time_and_the_act():
    (finding,) = found([*TRAIL[:4], TRAIL[4]._replace(actor="Eve"), *TRAIL[5:]])

    assert finding.at == TRAIL[4].at
    assert finding.told == (
        "actor beside its content say something else than the content does; "
        "limit.changed of rule 5 by Eve, 2026-03-02 06:05:00 UTC"
    )


def test_sites_are_examined_apart():
    south = trail(4, "acme/south")

    findings = found([*TRAIL[:-1], *south[:2], *south[3:]], ANCHORS)

    assert [(one.site, one.kind, one.number) for one in findings] == [
        (SITE, "truncated", LENGTH),
        ("acme/south", "missing", 3),
    ]


def test_what_is_found_beyond_a_limit_is_counted():
    many = [one._replace(actor="Eve") for one in trail(MOST_FINDINGS + 5)]

    findings = examine(many)

    assert (findings.count, len(findings.found)) == (MOST_FINDINGS + 5, MOST_FINDINGS)


def test_text_that_the_database_cannot_hold_is_compared_as_it_holds_it():
    (record,) = chained([entry(1, subject="a\0b")])
    row = stored(record)

    assert found([row._replace(subject="a\u2400b")]) == []
