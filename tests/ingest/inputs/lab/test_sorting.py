"""What is new, what repeats, what contradicts: in any cut into chunks."""

import asyncio

import pytest
from hypothesis import given, strategies as st

from ingest.input import Stated, Unreadable
from ingest.inputs.lab.desk import Desk, FilePlace, Group, Item
from ingest.inputs.lab.sorting import sort
from plantstream.runtime.errors import UnavailableError
from schemas.acts import Acknowledgement
from tests.ingest.kit import at


def item(key: int | None, said: int, *, row: bool = False) -> Item:
    fields = {"said": (key, said)}
    stated = Stated("plant.operator.v1", "acme/town", Acknowledgement, at(0), fields)
    name = None if key is None else b"%d" % key
    instead = Unreadable("f.csv", said, b"", "id") if row else None
    return Item(stated, name, b"%d" % said, instead)


ITEMS = st.builds(item, st.none() | st.integers(0, 5), st.integers(0, 1))
GROUPS = st.lists(st.lists(ITEMS, min_size=1, max_size=4), max_size=8)


def stored(groups: list[Group], cut: int) -> list[object]:
    """What all groups come to, a ledger between two chunks."""
    ledger: dict[bytes, bytes] = {}
    found: list[object] = []
    for part in (groups[:cut], groups[cut:]):
        sorted_ = sort(part, ledger)
        ledger |= {one.key: one.digest for one in sorted_.noted}
        found += sorted_.told
    return found


@given(GROUPS, st.integers(0, 8))
def test_law_chunks_change_nothing_and_a_key_is_stored_once(groups: list[list[Item]], cut: int):
    async def run() -> tuple[list[object], list[object]]:
        made = [Group(tuple(items)) for items in groups]
        return stored(made, cut), stored(made, 0)

    one, other = asyncio.run(run())

    assert one == other
    said = [seen.fields["said"] for seen in one if isinstance(seen, Stated)]
    keys = [key for key, _ in said if key is not None]
    assert len(keys) == len(set(keys))


async def test_a_group_with_a_contradiction_is_refused_as_a_whole():
    group = Group((item(1, 0), item(None, 5), item(1, 1)))

    found = sort([group], {})

    assert (found.told, found.noted, found.answers) == ([], [], {group: frozenset({2})})


async def test_of_a_file_only_the_row_that_contradicts_is_refused():
    place = FilePlace("abc", "f.csv", 3)
    group = Group((item(1, 0, row=True), item(1, 7, row=True), item(2, 0, row=True)), (), place)

    found = sort([group], {b"2": b"0"})

    told = [one.line if isinstance(one, Unreadable) else one.fields["said"] for one in found.told]
    assert told == [(1, 0), 7]
    assert (found.answers[group], found.place) == (frozenset({1}), place)


async def test_a_desk_that_is_full_says_so_and_one_that_closes_answers_everybody():
    desk = Desk(limit=2)
    first, second = Group((item(1, 0), item(2, 0), item(3, 0))), Group((item(4, 0),))
    desk.put(first)
    for reason in ("3 statements wait", "the edge is stopping"):
        with pytest.raises(UnavailableError, match=reason):
            desk.put(second)
        desk.close()

    assert isinstance(first.answer.exception(), UnavailableError)
    assert await desk.take(5) == []
