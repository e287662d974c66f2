"""A user's password is read at each connection, and nothing that is said holds it."""

import asyncio
import logging
import traceback

import pytest
from structlog.testing import capture_logs

from ingest.input import Sample
from ingest.inputs.opcua.input import OpcUaInput
from ingest.metrics import SourceMeters
from plantstream.runtime.errors import MisconfiguredError
from schemas.plant.secrets import Secret
from schemas.plant.sources import Security

WORD = "open-sesame"
IN_CLEAR = {"security": Security(policy="None", mode="None"), "password_in_clear": True}


def samples(seen):
    return [one for one in seen if isinstance(one, Sample)]


async def refused(source, equipment):
    """What the input raises, once it has to."""
    with pytest.raises(MisconfiguredError) as caught:
        async for _ in OpcUaInput("line", source, equipment).chunks(None):
            pass
    return caught.value


async def test_a_changed_password_is_taken_at_the_next_connection(
    serving, as_edge, equipment, listening, one_user, kept
):
    waits = asyncio.Semaphore(0)
    meters = SourceMeters.unseen()

    async def noted(_: float) -> None:
        waits.release()
        await asyncio.sleep(0.02)

    async with serving(users=one_user) as server:
        wanted = as_edge(server, "secret")
        async with listening(wanted, equipment(), sleep=noted, meters=meters) as heard:
            await heard.until(samples)
            await server.stop()
            one_user.word = "changed"
            await server.start()
            async with asyncio.timeout(20):
                while meters.trouble is None:
                    await waits.acquire()
            assert f"user and password (the file {wanted.password.file})" in meters.trouble
            before = len(samples(heard.seen))
            kept("changed")
            await heard.until(lambda seen: len(samples(seen)) > before)
    assert meters.trouble is None


@pytest.mark.parametrize("clear", [False, True], ids=["encrypted", "in clear"])
async def test_a_refused_password_is_in_no_text(
    serving, as_edge, equipment, one_user, caplog, clear
):
    async with serving(users=one_user, secure=not clear) as server:
        wanted = as_edge(server, WORD, **(IN_CLEAR if clear else {}))
        with caplog.at_level(logging.DEBUG), capture_logs() as logged:
            error = await refused(wanted, equipment())

    told = "".join(traceback.format_exception(error))
    assert "refuses the user edge" in told
    assert f"(the file {wanted.password.file})" in told
    assert all(WORD not in text for text in (told, caplog.text, str(logged), repr(wanted)))


async def test_a_password_that_is_missing_is_told(serving, source, equipment, one_user):
    async with serving(users=one_user) as server:
        wanted = source(server, user="edge", password=Secret(env="NOBODY_SET_THIS"))
        error = await refused(wanted, equipment())
    assert str(error).startswith("password of source line: the variable NOBODY_SET_THIS is missing")
