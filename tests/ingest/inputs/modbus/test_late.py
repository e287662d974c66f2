"""What is asked after an answer that did not come can be mistaken for none that may come."""

from hypothesis import given
from hypothesis.strategies import integers, lists

from ingest.inputs.modbus.late import Unanswered
from ingest.inputs.modbus.plan import Block


def words(count, unit=1):
    return Block(unit, "holding", 10, count, ())


@given(lists(integers(1, 60), max_size=20), integers(1, 125))
def test_the_next_question_has_an_answer_of_another_length(asked, count):
    unanswered = Unanswered()
    for one in asked:
        unanswered.add(words(one))
    found = unanswered.unlike(words(count))
    assert found.count not in {*asked, count}
    assert (found.unit, found.table, found.address) == (1, "holding", 10)
    assert 1 <= found.count <= 125


@given(integers(1, 2_000))
def test_bits_differ_in_their_bytes(count):
    block = Block(1, "coil", 0, count, ())
    unanswered = Unanswered()
    unanswered.add(block)
    assert unanswered.unlike(block).payload_bytes != block.payload_bytes
    assert 1 <= unanswered.unlike(block).count <= 2_000


def test_an_answer_of_a_unit_ends_all_before():
    unanswered = Unanswered()
    unanswered.add(words(1))
    unanswered.add(words(2, unit=2))
    unanswered.clear(1)
    assert not unanswered.of(1)
    assert unanswered.of(2) == {("holding", 4)}
