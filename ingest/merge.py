"""Several inputs as one stream of chunks, each as soon as it is there."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager

from ingest.input import Chunk, Input


@asynccontextmanager
async def opened(one: Input, position: str | None) -> AsyncIterator[AsyncIterator[Chunk]]:
    """The chunks of an input; after the block its ports and files are free for its successor."""
    chunks = one.chunks(position)
    try:
        yield chunks
    finally:
        if isinstance(chunks, AsyncGenerator):
            await chunks.aclose()


async def merged(inputs: Mapping[str, Input]) -> AsyncGenerator[tuple[str, Chunk], None]:
    """Chunks with their input's name, from the beginning; at most one waits per input."""
    streams = {name: aiter(one.chunks(None)) for name, one in inputs.items()}
    waiting = {asyncio.ensure_future(anext(stream)): name for name, stream in streams.items()}
    try:
        while waiting:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                name = waiting.pop(one)
                try:
                    chunk = one.result()
                except StopAsyncIteration:
                    continue
                yield name, chunk
                waiting[asyncio.ensure_future(anext(streams[name]))] = name
    finally:
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
