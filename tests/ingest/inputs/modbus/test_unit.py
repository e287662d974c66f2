"""What is read of one unit, whatever it refuses or leaves unanswered."""

from typing import Any

import pytest

from ingest.inputs.modbus.fields import Field
from ingest.inputs.modbus.harvest import Harvest
from ingest.inputs.modbus.lane import LineDownError, NoAnswerError, RefusedError
from ingest.inputs.modbus.plan import Block, plan
from ingest.inputs.modbus.unit import units_of
from plantstream.runtime.errors import UnavailableError
from schemas.plant.sources import Register
from tests.ingest.inputs.modbus.hearing import PATH

ILLEGAL_ADDRESS = 2
FIELDS = [Field(PATH, name, 1, Register(address=at)) for at, name in enumerate(("one", "two"))]


class ScriptedLane:
    """Answers each register with its address, but what its script names."""

    def __init__(self, *script: Exception) -> None:
        self._script = list(script)

    async def read(self, block: Block) -> bytes:
        if self._script:
            raise self._script.pop(0)
        addresses = range(block.address, block.address + block.count)
        return b"".join(one.to_bytes(2, "big") for one in addresses)


@pytest.mark.parametrize("trouble", [NoAnswerError("too late"), LineDownError("closed")])
async def test_tags_whose_shared_read_was_refused_stay_when_the_line_fails_amid_it(
    trouble: UnavailableError,
) -> None:
    (unit,) = units_of(plan(FIELDS, max_gap=0, max_registers=125), "line")
    lane: Any = ScriptedLane(RefusedError(ILLEGAL_ADDRESS), trouble)
    with pytest.raises(type(trouble)):
        await unit.read(lane, Harvest())

    harvest = Harvest()
    await unit.read(lane, harvest)

    assert {one.tag: one.value for one in harvest.samples()} == {"one": 0, "two": 1}
