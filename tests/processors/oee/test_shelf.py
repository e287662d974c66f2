"""What is packed needs little memory until somebody asks, and gives the same items again."""

import json

import pytest
from hypothesis import given
from hypothesis.strategies import booleans, integers, lists

from processors.oee.shelf import Packing, Shelf


class Counting:
    """A packing that counts how often it was used."""

    def __init__(self) -> None:
        self.packed = self.unpacked = 0
        self.packing: Packing[str] = Packing(self._pack, self._unpack)

    def _pack(self, items):
        self.packed += 1
        return json.dumps(items).encode()

    def _unpack(self, row):
        self.unpacked += 1
        return json.loads(row)


@pytest.fixture
def counting() -> Counting:
    return Counting()


def filled(number: int) -> Shelf[str]:
    shelf = Shelf[str](3, 100)
    for item in range(number):
        shelf = shelf.and_then(str(item))
    return shelf


def test_rows_that_are_read_are_not_unpacked_until_somebody_asks(counting: Counting):
    rows = filled(7).rows("x|", counting.packing)

    shelf = Shelf[str](3, 100).read("x|", rows, counting.packing)

    assert shelf.rows("x|", counting.packing) == rows
    assert counting.unpacked == 0
    assert shelf.last == "6"
    assert counting.unpacked == 1
    assert list(shelf) == list("0123456")
    assert counting.packed == 3


def test_what_nobody_asks_for_is_let_go_of(counting: Counting):
    shelf = filled(7)
    for _ in range(3):
        shelf.rows("x|", counting.packing)

    assert shelf.last == shelf.last == "6"
    assert counting.unpacked == 1


def test_what_is_asked_for_stays_the_same_object_between_two_rows(counting: Counting):
    shelf = filled(7)
    shelf.rows("x|", counting.packing)
    first = list(shelf)
    shelf.rows("x|", counting.packing)

    assert all(one is other for one, other in zip(first, shelf, strict=True))
    assert counting.unpacked == 0


def test_a_glance_keeps_nothing(counting: Counting):
    shelf = Shelf[str](3, 100).read("x|", filled(3).rows("x|", counting.packing), counting.packing)
    (chunk,) = shelf.chunks

    assert chunk.glance() == chunk.glance() == ("0", "1", "2")
    assert counting.unpacked == 2


def test_a_summary_is_made_once(counting: Counting):
    shelf = Shelf[str](3, 100).read("x|", filled(3).rows("x|", counting.packing), counting.packing)
    (chunk,) = shelf.chunks

    assert [chunk.summary("".join), chunk.summary("".join)] == ["012", "012"]
    assert counting.unpacked == 1


def test_a_shelf_begins_with_a_chunk():
    shelf = filled(7)
    assert shelf.beginning_with(shelf.chunks[0]) is shelf
    assert list(shelf.beginning_with(shelf.chunks[1])) == list("3456")


@given(lists(booleans(), max_size=30))
def test_it_holds_the_same_whenever_it_is_packed(packs: list[bool]):
    counting, shelf = Counting(), Shelf[str](3, 12)
    plain = Shelf[str](3, 12)
    for number, pack in enumerate(packs):
        shelf, plain = shelf.and_then(str(number)), plain.and_then(str(number))
        if pack:
            shelf.rows("x|", counting.packing)
    assert list(shelf) == list(plain)
    assert shelf.rows("x|", counting.packing) == plain.rows("x|", counting.packing)


@given(lists(integers(0, 50), unique=True))
def test_items_that_are_sorted_in_stand_in_order_in_chunks_of_their_size(items: list[int]):
    shelf = Shelf[int](3, 100)
    for item in items:
        shelf = shelf.sorted_in(item, item.__gt__)

    assert list(shelf) == sorted(items)
    assert [chunk.number for chunk in shelf.chunks] == list(range(len(shelf.chunks)))
    assert all(1 <= len(chunk.items) <= 3 for chunk in shelf.chunks)


def test_an_item_that_is_sorted_in_leaves_the_chunks_before_it_as_they_were():
    shelf = filled(9).since("3".__le__)

    more = shelf.sorted_in("65", "65".__gt__)

    assert list(more) == ["3", "4", "5", "6", "65", "7", "8"]
    assert [chunk.number for chunk in more.chunks] == [1, 2, 3]
    assert more.chunks[0] is shelf.chunks[0]
