"""The read plan: few reads, none too long, every tag in one of them."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis.strategies import builds, composite, integers, lists, sampled_from

from ingest.inputs.modbus.fields import Field
from ingest.inputs.modbus.plan import block_of, halves, plan
from schemas.plant.sources import Register

WORDS = ("int16", "uint32", "float64")


@composite
def fields(draw):
    table = draw(sampled_from(["coil", "discrete_input", "holding", "input"]))
    is_bits = table in {"coil", "discrete_input"}
    address = draw(integers(0, 2_500))
    if is_bits:
        register = Register(table=table, address=address, type="bool")
    elif draw(sampled_from([True, False])):
        register = Register(table=table, address=address, type=draw(sampled_from(WORDS)))
    else:
        length = draw(integers(1, 20))
        register = Register(table=table, address=address, type="string", length=length)
    return Field("e/s/a/l/one", f"t{draw(integers(0, 10**6))}", draw(integers(1, 3)), register)


def word(address, type_="uint16", **more):
    return Field("e/s/a/l/one", f"t{address}", 1, Register(address=address, type=type_, **more))


def reads(blocks):
    return [(one.address, one.count) for one in blocks]


@pytest.mark.parametrize(
    ("addresses", "gap", "longest", "wanted"),
    [
        pytest.param([1, 2, 3], 0, 125, [(1, 3)], id="neighbours"),
        pytest.param([1, 3], 0, 125, [(1, 1), (3, 1)], id="a gap that is not allowed"),
        pytest.param([1, 3], 1, 125, [(1, 3)], id="a gap that is"),
        pytest.param([0, 4, 8], 3, 5, [(0, 5), (8, 1)], id="as long as a read may be"),
        pytest.param([3, 1, 2], 0, 125, [(1, 3)], id="in any order"),
        pytest.param([1, 1], 0, 125, [(1, 1)], id="one register twice"),
    ],
)
def test_a_plan_reads(addresses, gap, longest, wanted):
    assert reads(plan([word(one) for one in addresses], gap, longest)) == wanted


def test_bits_may_be_sixteen_times_as_many_as_registers():
    tags = [
        Field("e/s/a/l/one", f"t{at}", 1, Register(table="coil", address=at, type="bool"))
        for at in (0, 16, 1_999, 2_000)
    ]
    assert reads(plan(tags, 125, 125)) == [(0, 2_000), (2_000, 1)]


def test_a_long_value_is_never_split():
    assert reads(plan([word(0), word(1, "float64")], 0, 4)) == [(0, 1), (1, 4)]


def test_units_and_tables_are_read_apart():
    there = Field("e/s/a/l/one", "there", 2, Register(address=1))
    other = Field("e/s/a/l/one", "other", 1, Register(address=1, table="input"))
    blocks = plan([word(1), there, other], 8, 125)
    assert [(one.unit, one.table) for one in blocks] == [
        (1, "holding"),
        (1, "input"),
        (2, "holding"),
    ]


@given(lists(fields(), max_size=60), integers(0, 20), integers(20, 125))
def test_every_tag_is_in_one_read_that_is_not_too_long(tags, gap, longest):
    blocks = plan(tags, gap, longest)
    assert Counter(one for block in blocks for one in block.fields) == Counter(tags)
    for block in blocks:
        wide = 16 if block.is_bits else 1
        assert 1 <= block.count <= wide * longest
        covered = block.address
        for one in block.fields:
            assert (one.unit, one.register.table) == (block.unit, block.table)
            assert block.address <= one.start < one.end <= block.address + block.count
            assert one.start - covered <= wide * gap
            covered = max(covered, one.end)
        assert covered == block.address + block.count


@given(lists(fields(), max_size=60), integers(0, 20))
def test_neighbours_that_could_share_a_read_do(tags, gap):
    blocks = plan(tags, gap, 125)
    for one, after in pairwise(blocks):
        if (one.unit, one.table) == (after.unit, after.table):
            wide = 16 if one.is_bits else 1
            first = after.fields[0]
            too_far = first.start - (one.address + one.count) > wide * gap
            too_long = first.end - one.address > wide * 125
            assert too_far or too_long


@given(lists(builds(word, integers(0, 100)), min_size=2, max_size=20))
def test_halves_have_all_tags_between_them(tags):
    block = block_of(tags)
    first, second = halves(block)
    assert first.fields + second.fields == block.fields
    assert first.fields
    assert second.fields
