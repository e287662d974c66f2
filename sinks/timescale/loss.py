"""Accepting that a log lost records, or is another one: a person's decision, never the sink's."""

from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.ports import TopicPartition
from plantstream.runtime.settings import DatabaseSettings
from sinks.position import Position
from sinks.timescale.connection import connect, translated
from sinks.timescale.store import load_positions

_FORGET = "DELETE FROM sink_position WHERE topic = %s AND partition = %s"


async def accept_loss(settings: DatabaseSettings, partition: TopicPartition) -> Position:
    """Forget the stored position, so that the sink reads this partition from its log's start.

    Marks stay: events that were stored before are dropped again. The caller records who decided.

    Raises:
        MisconfiguredError: no position is stored.
    """
    async with await connect(settings) as connection:
        with translated(settings):
            async with connection.transaction():
                stored = await load_positions(connection, [partition])
                await connection.execute(_FORGET, (partition.topic, partition.partition))
    if partition not in stored:
        raise MisconfiguredError(
            f"no position of {partition} is stored: there is no loss to accept"
        )
    return stored[partition]
