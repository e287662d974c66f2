"""One unit of a line: its reads, what it refuses, and its answers as samples."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence

from ingest.input import Observation, Sample, Unreadable
from ingest.inputs.modbus.decode import Decoder
from ingest.inputs.modbus.fields import Field
from ingest.inputs.modbus.harvest import Harvest
from ingest.inputs.modbus.lane import Lane, NoAnswerError, RefusedError
from ingest.inputs.modbus.plan import Block, block_of, halves
from ingest.inputs.modbus.quality import ILLEGAL_FUNCTION, REFUSED, UNREACHED, Trouble, trouble
from ingest.retry import Backoff
from plantstream.runtime import clock
from plantstream.runtime.logs import get_logger

ASK_AGAIN_S = 60.0
"""What a unit refused is asked for again after so long."""
BACKOFF = Backoff(first_s=0.5, limit_s=2.0)
"""Between attempts at a unit that does not answer: so values flow soon once it does again."""

_log = get_logger(__name__)
_CORRECT = "correct `register` in the plant file, or the device"


class Unit:
    """What is read of one unit, and whether it answers."""

    def __init__(self, number: int, blocks: Sequence[Block], place: str) -> None:
        self.number = number
        self.fields: tuple[Field, ...] = tuple(one for block in blocks for one in block.fields)
        self.equipment = tuple(dict.fromkeys(one.equipment for one in self.fields))
        self.answers = True
        """Whether it is asked in every poll; else it is tried now and then."""
        self.due = 0.0
        """When it is tried again (monotonic seconds), while it does not answer."""
        self._place = place
        self._planned = tuple(blocks)
        self._told: set[tuple[str, str]] = set()
        self._logged: set[int] = set()
        self._delays = BACKOFF.delays()
        self._decoders: dict[Decoder, Block] = {}
        self._refused: dict[Field, Trouble] = {}
        self._ask_again_at = 0.0
        self._forget()

    def silence(self, now: float) -> None:
        """It does not answer: try again at once, then with growing pauses."""
        self.answers = False
        self.due = now
        self._delays = BACKOFF.delays()
        self._forget()

    def postpone(self, now: float) -> None:
        """It does not answer now either."""
        self.due = now + next(self._delays)

    def revive(self) -> None:
        """It answers again."""
        self.answers = True

    def unreached(self, quality: int) -> list[Sample]:
        """All its tags without a value."""
        now = clock.now()
        return [Sample(one.equipment, one.tag, None, now, quality) for one in self.fields]

    async def read(self, lane: Lane, harvest: Harvest) -> list[Observation]:
        """Harvest what it answers, and give what a person has to be told.

        Raises:
            NoAnswerError: it does not answer; what it said before that is in the harvest.
            LineDownError: there is no connection.
        """
        told: list[Observation] = []
        await self._ask_again(lane)
        for decoder in tuple(self._decoders):
            told += await self._read_block(lane, decoder, harvest)
        now = clock.now()
        harvest.add(
            Sample(one.equipment, one.tag, None, now, found.quality)
            for one, found in self._refused.items()
        )
        return told

    async def _read_block(
        self, lane: Lane, decoder: Decoder, harvest: Harvest
    ) -> list[Observation]:
        # It runs once the request has been sent: the device and we work at the same time.
        asyncio.get_running_loop().call_soon(harvest.decode)
        try:
            payload = await lane.read(self._decoders[decoder])
        except RefusedError as error:
            return await self._refusal(lane, decoder, error.code, harvest)
        harvest.answer(decoder, payload, clock.now())
        return []

    async def _refusal(
        self, lane: Lane, decoder: Decoder, code: int, harvest: Harvest
    ) -> list[Observation]:
        found = trouble(code)
        if code in UNREACHED:
            raise NoAnswerError(f"unit {self.number}: {found.reason}")
        block = self._decoders[decoder]
        if code not in REFUSED:
            self._log_once(code, found)
            now = clock.now()
            harvest.add(
                Sample(one.equipment, one.tag, None, now, found.quality) for one in block.fields
            )
            return []
        del self._decoders[decoder]
        if len(block.fields) == 1 or code == ILLEGAL_FUNCTION:
            self._refused |= dict.fromkeys(block.fields, found)
            return [one for field in block.fields for one in self._tell(field, found)]
        # Both at once: no answer to the first must not lose the second.
        parts = {Decoder(half): half for half in halves(block)}
        self._decoders |= parts
        told: list[Observation] = []
        for part in parts:
            told += await self._read_block(lane, part, harvest)
        return told

    def _tell(self, field: Field, found: Trouble) -> Iterator[Observation]:
        key = (field.equipment, field.tag)
        if key not in self._told:
            self._told.add(key)
            reason = f"tag {field.tag} of {field.equipment}: {found.reason}; {_CORRECT}"
            yield Unreadable(f"{self._place} {field.place}", None, field.place.encode(), reason)

    def _log_once(self, code: int, found: Trouble) -> None:
        if code not in self._logged:
            self._logged.add(code)
            told = "Modbus unit answers with an exception; further ones are only bad samples"
            _log.warning(told, line=self._place, unit=self.number, code=code, reason=found.reason)

    async def _ask_again(self, lane: Lane) -> None:
        """See now and then whether the device gives what it refused."""
        if not self._refused or clock.monotonic() < self._ask_again_at:
            return
        self._ask_again_at = clock.monotonic() + ASK_AGAIN_S
        for field in tuple(self._refused):
            block = block_of([field])
            try:
                await lane.read(block)
            except RefusedError:
                continue
            del self._refused[field]
            self._decoders[Decoder(block)] = block

    def _forget(self) -> None:
        """Begin with the plan again: who answers next is perhaps another device."""
        self._decoders = {Decoder(block): block for block in self._planned}
        self._refused = {}
        self._ask_again_at = clock.monotonic() + ASK_AGAIN_S


def units_of(blocks: Sequence[Block], place: str) -> tuple[Unit, ...]:
    """The units that these blocks belong to."""
    by_unit: dict[int, list[Block]] = {}
    for block in blocks:
        by_unit.setdefault(block.unit, []).append(block)
    known: Mapping[int, Sequence[Block]] = by_unit
    return tuple(Unit(number, blocks, place) for number, blocks in known.items())
