"""What is over because a plant file that was applied knows it no more: no event says so."""

from datetime import datetime, timedelta
from typing import Any

from plantstream.runtime.pauses import is_over
from processors.step import Engine, Retiring
from processors.streams import batch
from processors.streams.batch import Outcome
from processors.streams.memory import Memory
from processors.streams.ports import Plants

LOOK_EVERY = timedelta(minutes=1)


class Retirement:
    """Tells an engine of the plant files in force, each of its partitions now and then."""

    def __init__(self, engine: Engine[Any], plants: Plants) -> None:
        self._engine, self._plants = engine, plants
        self._retiring = engine if isinstance(engine, Retiring) else None
        self._looked_at: dict[int, datetime] = {}

    async def of(self, partition: int, memory: Memory, now: datetime) -> Outcome:
        """What is over there; all that was said by now has to be applied before."""
        before = self._looked_at.get(partition)
        if self._retiring is None or (before and not is_over(LOOK_EVERY, before, now)):
            return Outcome(self._engine.name)
        self._looked_at[partition] = now
        sites = await self._plants.in_force(now)
        return batch.retire(self._engine, self._retiring, memory, sites, now)
