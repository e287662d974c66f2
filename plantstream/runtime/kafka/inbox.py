"""A member of a consumer group that begins where the group does, and hands over in order."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.kafka.reader import KafkaGroupReader
from plantstream.runtime.ports import Assigned, Record
from plantstream.runtime.settings import KafkaSettings

LET_GO_WITHIN_S = 4.0
"""What takes longer is left under way: the group waits for us no longer than its session lasts."""


class KafkaInbox(KafkaGroupReader):
    """Records from the committed offsets on, from the oldest one where there is none.

    Nothing rests on these offsets: reading begins `again` records before them. Before partitions
    go to another member, `poll` says that none is ours; the one after it says that we are through.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        group: str,
        topics: Sequence[str],
        slot: str = "0",
        again: int = 0,
    ) -> None:
        super().__init__(settings, group, topics, slot)
        self._again = again
        self._letting_go: asyncio.Event | None = None
        self._told = False

    async def poll(self, limit: int) -> Sequence[Record] | Assigned:
        """Up to `limit` records, or none after a short wait, or what is ours from here on.

        For 0 records nothing is fetched meanwhile; the caller stays a member.
        """
        if self._letting_go is not None and not self._told:
            self._told = True
            return Assigned(frozenset())
        if self._letting_go is not None:
            self._letting_go.set()
        if not limit and self._assigned is None:
            await self.hold()
            return []
        polled = await super().poll(limit)
        if isinstance(polled, Assigned):
            try:
                await self._begin(polled)
            except UnavailableError:
                self._assigned = self._assigned or polled
                raise
        return polled

    async def let_go(self) -> None:
        """Wait until the caller is through with what it was given."""
        self._letting_go, self._told = asyncio.Event(), False
        with suppress(TimeoutError):
            async with asyncio.timeout(LET_GO_WITHIN_S):
                await self._letting_go.wait()
        self._letting_go = None

    async def _begin(self, assigned: Assigned) -> None:
        bounds = await self.bounds(assigned.partitions)
        committed = await self.committed(assigned.partitions)
        for one in assigned.partitions:
            wanted = committed.get(one, 0) - self._again
            await self.seek(one, min(max(wanted, bounds[one].start), bounds[one].end))
