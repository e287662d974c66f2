"""Bodies of requests as events: read within limits, each with the key it is taken once under."""

import asyncio
import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json
from starlette.requests import Request

from ingest.inputs.lab.answers import AnswerError, later
from ingest.inputs.lab.keys import key_of, statement_of
from ingest.inputs.lab.statements import Mistake
from plantstream.runtime.http_body import BodyError, read_body

MAX_EVENT_BYTES = 1024 * 1024
MAX_BATCH_BYTES = 10 * 1024 * 1024
MAX_BATCH_EVENTS = 5_000
MAX_KEY = 200
"""Characters of an Idempotency-Key."""
TOO_SLOW = 408


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a body, before anybody looked into it."""

    raw: bytes
    """As JSON, always written the same way."""
    key: bytes | None
    digest: bytes
    statement: str


async def read_event(request: Request, by: str) -> list[Event]:
    """The one event of this body."""
    name = _key(request)
    document = _parsed(await _body(request, MAX_EVENT_BYTES))
    raw = _written(document)
    return [_event(raw, _own_id(document) or name, by, hashlib.sha256(raw).digest())]


async def read_events(request: Request, by: str) -> list[Event]:
    """The events of this body, a JSON array.

    What has no id of its own is taken once under the request's key and its place in the array.
    """
    name = _key(request)
    body = await _body(request, MAX_BATCH_BYTES)
    return await asyncio.to_thread(_events, body, name, by)


def _events(body: bytes, name: str | None, by: str) -> list[Event]:
    documents = _parsed(body)
    if not isinstance(documents, list) or not 1 <= len(documents) <= MAX_BATCH_EVENTS:
        raise AnswerError(400, f"a batch is a JSON array of 1 to {MAX_BATCH_EVENTS} events")
    written = [_written(one) for one in documents]
    whole = hashlib.sha256(b"\n".join(written)).digest()
    found = []
    for number, (document, raw) in enumerate(zip(documents, written, strict=True)):
        own = _own_id(document)
        if own is not None or name is None:
            found.append(_event(raw, own, by, hashlib.sha256(raw).digest()))
        else:
            found.append(_event(raw, f"{name}\n{number}", by, whole))
    return found


async def read_document(request: Request) -> Any:
    """The one JSON value of this body."""
    return _parsed(await _body(request, MAX_EVENT_BYTES))


def _event(raw: bytes, name: str | None, by: str, digest: bytes) -> Event:
    if name is None:
        return Event(raw, None, digest, secrets.token_hex(16))
    key = key_of(by, name)
    return Event(raw, key, digest, statement_of(key))


def _key(request: Request) -> str | None:
    name = request.headers.get("idempotency-key")
    if name is not None and not (0 < len(name) <= MAX_KEY and name.isprintable()):
        told = f"has to be 1 to {MAX_KEY} printable characters"
        raise AnswerError(400, "wrong header", [(0, Mistake("Idempotency-Key", told))])
    return name


def _own_id(document: Any) -> str | None:
    """The event's id, if it may be one; else its judgement says what is wrong with it."""
    own = document.get("id") if isinstance(document, dict) else None
    return own if isinstance(own, str) and 0 < len(own) <= MAX_KEY else None


async def _body(request: Request, limit: int) -> bytes:
    try:
        return await read_body(request, limit)
    except BodyError as error:
        if error.status == TOO_SLOW:
            raise later(str(error), TOO_SLOW) from None
        raise AnswerError(error.status, str(error)) from None


def _parsed(body: bytes) -> Any:
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise AnswerError(400, f"the body is no JSON: {error}"[:300]) from None


def _written(document: Any) -> bytes:
    try:
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return text.encode()
    except ValueError as error:
        raise AnswerError(400, f"the body has a value that cannot be: {error}"[:300]) from None
