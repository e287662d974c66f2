"""The connection to a broker, where a real one would be too slow or too kind."""

import asyncio
from typing import Any

import pytest

from ingest.inputs.mqtt.connection import _open
from plantstream.runtime.errors import UnavailableError
from schemas.plant.sources import MqttSource


@pytest.mark.parametrize("turns", range(5))
async def test_a_cancellation_that_comes_with_the_answer_is_kept(monkeypatch, turns):
    kept: list[bool] = []

    def cancel(after):
        if after:
            asyncio.get_running_loop().call_soon(cancel, after - 1)
        else:
            kept.append(opening.cancel())

    async def refuse(*_: object, **__: object) -> None:
        asyncio.get_running_loop().call_soon(cancel, turns)
        raise ConnectionRefusedError

    client: Any = type("Client", (), {"connect": None, "disconnect": None})
    monkeypatch.setattr("ingest.inputs.mqtt.connection.asyncio.to_thread", refuse)
    opening = asyncio.create_task(_open(client, MqttSource(type="mqtt", broker="mqtt://x")))
    await asyncio.wait({opening})
    for _ in range(turns + 1):
        await asyncio.sleep(0)
    failed = None if opening.cancelled() else opening.exception()
    assert opening.cancelled() is kept[0]
    assert failed is None or isinstance(failed, UnavailableError)
