"""Which reads bring which tags: few of them, none too long."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from ingest.inputs.modbus.fields import Field

Table = Literal["coil", "discrete_input", "holding", "input"]

BITS_OF_A_REGISTER = 16
"""A read of bits may be so many times as long as one of registers, and so may its gaps."""


@dataclass(frozen=True, slots=True)
class Block:
    """One read, and the tags in its answer."""

    unit: int
    table: Table
    address: int
    count: int
    fields: tuple[Field, ...]

    @property
    def is_bits(self) -> bool:
        """Whether it reads bits, not registers."""
        return self.table in {"coil", "discrete_input"}

    @property
    def payload_bytes(self) -> int:
        """Length of the values in its answer."""
        return (self.count + 7) // 8 if self.is_bits else 2 * self.count


def plan(fields: Iterable[Field], max_gap: int, max_registers: int) -> tuple[Block, ...]:
    """The reads of these tags, by unit, table and address.

    Two tags share a read if at most `max_gap` registers that nobody asked for lie between them, and
    the read has at most `max_registers`. A value is never split.
    """
    blocks: list[Block] = []
    ordered = sorted(fields, key=_key)
    for (_, table), group in groupby(ordered, key=lambda one: (one.unit, one.register.table)):
        wide = BITS_OF_A_REGISTER if table in {"coil", "discrete_input"} else 1
        parts = _parts(group, wide * max_gap, wide * max_registers)
        blocks += [block_of(part) for part in parts]
    return tuple(blocks)


def block_of(fields: Sequence[Field]) -> Block:
    """The one read that brings all of these, which are of one unit and table."""
    start, end = min(one.start for one in fields), max(one.end for one in fields)
    return Block(fields[0].unit, fields[0].register.table, start, end - start, tuple(fields))


def halves(block: Block) -> tuple[Block, Block]:
    """Two reads of half its tags each; it has more than one."""
    middle = len(block.fields) // 2
    return block_of(block.fields[:middle]), block_of(block.fields[middle:])


def _key(field: Field) -> tuple[int, str, int, int]:
    return field.unit, field.register.table, field.start, field.end


def _parts(ordered: Iterable[Field], max_gap: int, max_count: int) -> list[list[Field]]:
    parts: list[list[Field]] = []
    start = end = 0
    for field in ordered:
        fits = field.start - end <= max_gap and max(end, field.end) - start <= max_count
        if parts and fits:
            parts[-1].append(field)
            end = max(end, field.end)
        else:
            parts.append([field])
            start, end = field.start, field.end
    return parts
