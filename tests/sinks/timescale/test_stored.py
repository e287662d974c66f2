"""How far each partition is stored, asked again and again."""

from contextlib import aclosing

import psycopg
import pytest

from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.ports import TopicPartition
from plantstream.runtime.settings import DatabaseSettings
from schemas.topics import KPI
from sinks.timescale.stored import Stored
from sinks.timescale.writer import TimescaleSink
from tests.sinks.records import NUMBER, batch, cell

pytestmark = pytest.mark.integration
PLACE = TopicPartition(KPI.name, NUMBER)


async def test_what_is_stored_between_two_questions_is_seen(settings: DatabaseSettings):
    async with aclosing(Stored(settings)) as stored:
        before = await stored.offsets()
        sink = TimescaleSink(settings)
        await sink.write(batch(KPI, [cell(0), cell(1)]))
        await sink.close()
        assert (before, await stored.offsets()) == ({}, {PLACE: 2})


async def test_after_its_connection_was_ended_the_second_question_is_answered(
    settings: DatabaseSettings, sql: psycopg.Connection
):
    async with aclosing(Stored(settings)) as stored:
        await stored.offsets()
        sql.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'plantstream' AND pid <> pg_backend_pid()"
        )
        assert await asked_twice(stored) == {}


async def asked_twice(stored: Stored) -> dict[TopicPartition, int]:
    try:
        return await stored.offsets()
    except UnavailableError:
        return await stored.offsets()
