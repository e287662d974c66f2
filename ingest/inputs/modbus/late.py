"""Answers that may still come on a line without transaction numbers."""

from dataclasses import replace

from ingest.inputs.modbus.plan import BITS_OF_A_REGISTER, Block, Table
from plantstream.runtime import clock

BELIEVED_LOST_AFTER_S = 30.0
"""An answer that has not come for so long comes no more."""
_LONGEST = 125

Shape = tuple[Table, int]
"""What tells an answer from another one of the same unit: table and number of bytes."""


class Unanswered:
    """What was asked in vain. A unit answers in order, so what it answers now ends all before."""

    def __init__(self) -> None:
        self._asked: dict[int, dict[Shape, float]] = {}

    def add(self, block: Block) -> None:
        """Its answer did not come in time."""
        self._asked.setdefault(block.unit, {})[_shape(block)] = clock.monotonic()

    def clear(self, unit: int) -> None:
        """The unit has answered."""
        self._asked.pop(unit, None)

    def of(self, unit: int) -> set[Shape]:
        """The shapes of this unit that may still come."""
        asked = self._asked.get(unit, {})
        oldest = clock.monotonic() - BELIEVED_LOST_AFTER_S
        return {shape for shape, at in asked.items() if at > oldest}

    def unlike(self, block: Block) -> Block:
        """A read near this block whose answer looks like none that may come, nor like its own."""
        taken = self.of(block.unit) | {_shape(block)}
        step = BITS_OF_A_REGISTER if block.is_bits else 1
        shorter = range(block.count - step, 0, -step)
        longer = range(block.count + step, step * _LONGEST + 1, step)
        for count in (*shorter, *longer):
            one = replace(block, count=count, fields=())
            if _shape(one) not in taken:
                return one
        return block


def _shape(block: Block) -> Shape:
    return block.table, block.payload_bytes
