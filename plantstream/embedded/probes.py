"""Ready probes: each asks a real question over TCP and wants a real answer."""

import asyncio
import ssl
import struct
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from plantstream.embedded.part import Probe

ANSWER_LIMIT_S = 3.0
API_VERSIONS = (18, 0)
METADATA = (3, 1)
NO_TOPICS = struct.pack(">i", 0)
SSL_REQUEST = struct.pack(">ii", 8, 80877103)

_Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bool]]


def kafka_answers(host: str, port: int) -> Probe:
    """The broker lists itself in its metadata: it is registered and clients may come."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        reply = await _ask_kafka(reader, writer, METADATA, NO_TOPICS)
        (brokers,) = struct.unpack_from(">i", reply)
        return bool(brokers >= 1)

    return _probe(host, port, talk)


def secured_kafka_answers(host: str, port: int, trust: ssl.SSLContext) -> Probe:
    """The broker shows a trusted certificate and names its API versions, as before a login."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        reply = await _ask_kafka(reader, writer, API_VERSIONS, b"")
        (error,) = struct.unpack_from(">h", reply)
        return bool(error == 0)

    return _probe(host, port, talk, trust)


def postgres_answers(host: str, port: int) -> Probe:
    """The database says whether it speaks TLS, which it does from its first moment on."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(SSL_REQUEST)
        return await reader.readexactly(1) in {b"N", b"S"}

    return _probe(host, port, talk)


def http_ready(url: str) -> Probe:
    """A GET of the URL answers 200."""
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    request = f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(request.encode())
        status = (await reader.readline()).split()
        return status[1:2] == [b"200"]

    return _probe(host, port, talk)


def _probe(host: str, port: int, talk: _Talk, trust: ssl.SSLContext | None = None) -> Probe:
    async def once() -> bool:
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                return await _converse(host, port, talk, trust)
        except (OSError, EOFError, ValueError, struct.error):
            return False

    return once


async def _converse(host: str, port: int, talk: _Talk, trust: ssl.SSLContext | None) -> bool:
    reader, writer = await asyncio.open_connection(host, port, ssl=trust)
    try:
        return await talk(reader, writer)
    finally:
        writer.transport.abort()


async def _ask_kafka(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, api: tuple[int, int], body: bytes
) -> bytes:
    correlation = 7
    request = struct.pack(">hhih", *api, correlation, -1) + body
    writer.write(struct.pack(">i", len(request)) + request)
    size, echoed = struct.unpack(">ii", await reader.readexactly(8))
    if echoed != correlation:
        return b""
    return await reader.readexactly(size - 4)
