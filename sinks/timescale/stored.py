"""How far each partition is stored, asked again and again over one connection."""

from contextlib import suppress

import psycopg
from psycopg import AsyncConnection

from plantstream.runtime.ports import TopicPartition
from plantstream.runtime.settings import DatabaseSettings
from sinks.timescale.connection import connect, translated

_OFFSETS = "SELECT topic, partition, next FROM sink_position"


class Stored:
    """Asks the database; after a failure the next question has a new connection."""

    def __init__(self, settings: DatabaseSettings) -> None:
        self._settings = settings
        self._connection: AsyncConnection | None = None

    async def offsets(self) -> dict[TopicPartition, int]:
        """The next offset of each partition of which something is stored.

        Raises:
            UnavailableError: the database does not answer.
            MisconfiguredError: we are not let in.
        """
        try:
            if self._connection is None:
                self._connection = await connect(self._settings)
            with translated(self._settings):
                rows = await (await self._connection.execute(_OFFSETS)).fetchall()
        except BaseException:
            await self.aclose()
            raise
        return {TopicPartition(topic, number): offset for topic, number, offset in rows}

    async def aclose(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                await connection.close()
