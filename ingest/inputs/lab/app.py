"""The HTTP interface: who may say what, and the answer once it is on disk."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from ingest.inputs.lab.answered import Answered
from ingest.inputs.lab.answers import AnswerError, later
from ingest.inputs.lab.bodies import Event, read_event, read_events
from ingest.inputs.lab.desk import Desk, Group, Item
from ingest.inputs.lab.judge import Author, judged
from ingest.inputs.lab.page import POLICY, QUESTION, describe, page, promises
from ingest.inputs.lab.refusals import refused
from ingest.inputs.lab.signing import Signing, sign
from ingest.inputs.lab.statements import Mistake, RefusedError, from_json
from ingest.inputs.lab.store import LedgerThread
from ingest.metrics import SourceMeters
from plantstream.runtime import clock
from plantstream.runtime.errors import MisconfiguredError, UnavailableError
from plantstream.runtime.rate import Bucket, draw
from plantstream.runtime.tokens import TokenFile
from schemas.plant.model import Plant

ANSWER_WITHIN_S = 10.0
"""Without an answer of the disk by then it is 503; what was said may be stored all the same."""
_STATEMENT = re.compile(r"[0-9a-f]{32}")
_CONTRADICTS = Mistake("id", "the same id or key came with something else before")

Split = Callable[[Request, str], Awaitable[list[Event]]]


@dataclass(slots=True)
class Office:
    """What the interface works with."""

    plant: Plant
    tokens: TokenFile
    ledger: LedgerThread
    desk: Desk
    requests_per_s: float
    meters: SourceMeters
    signing: Signing
    answered: Answered
    answer_within_s: float = ANSWER_WITHIN_S
    buckets: dict[str, Bucket] = field(default_factory=dict)


def create_app(office: Office) -> FastAPI:
    """The application of one laboratory source."""
    app = FastAPI(title="plantstream: laboratory", docs_url=None, redoc_url=None)

    @app.exception_handler(AnswerError)
    async def refuse(_: Request, error: AnswerError) -> Response:
        return JSONResponse(error.content(), error.status, error.headers)

    @app.post("/v1/events", **promises(batch=False))
    async def post_event(request: Request) -> Response:
        """State one event."""
        (statement,) = await _state(office, request, read_event)
        return JSONResponse({"statement": statement}, 202)

    @app.post("/v1/events/batch", **promises(batch=True))
    async def post_events(request: Request) -> Response:
        """State several events: all of them or none."""
        statements = await _state(office, request, read_events)
        return JSONResponse({"statements": statements}, 202)

    @app.get("/v1/events/{statement}", **QUESTION)
    async def get_answer(request: Request, statement: str) -> Response:
        """Ask what the stream makes of a statement."""
        _author(office, request)
        return _answer(office.answered, statement)

    @app.post("/v1/sign", include_in_schema=False)
    async def post_signature(request: Request) -> Response:
        """Sign a content."""
        by = _author(office, request)
        signature = await sign(office.signing, office.desk, request, by)
        return JSONResponse(signature.model_dump(mode="json"), 201)

    describe(app)
    shown = page(app)

    @app.get("/", include_in_schema=False)
    async def read_me() -> Response:
        return HTMLResponse(shown, headers={"Content-Security-Policy": POLICY})

    return app


async def _state(office: Office, request: Request, split: Split) -> list[str]:
    """The ids of what is stored now, or was before."""
    by = _author(office, request)
    events = await split(request, by)
    try:
        async with asyncio.timeout(office.answer_within_s):
            known = await office.ledger.known({one.key for one in events if one.key is not None})
            before = {n: known[one.key] for n, one in enumerate(events) if one.key in known}
            _contradict([n for n, digest in before.items() if digest != events[n].digest])
            new = {n: one for n, one in enumerate(events) if n not in before}
            if new:
                await _store(office, by, new)
    except (TimeoutError, UnavailableError) as error:
        raise later(str(error) or "what was said is not on disk yet; say it again") from None
    return [event.statement for event in events]


async def _store(office: Office, by: str, events: Mapping[int, Event]) -> None:
    """Have these stored together, or none of them."""
    try:
        if len(events) > 1:
            group = Group(await asyncio.to_thread(_items, office.plant, by, events))
        else:
            group = Group(_items(office.plant, by, events))
    except AnswerError as error:
        entry = refused(office.plant, by, events, error, clock.now())
        office.desk.put(entry)
        await asyncio.shield(entry.answer)
        raise
    office.desk.put(group)
    # Whoever goes away, or waits no longer, does not take back what waits for the disk.
    conflicts = await asyncio.shield(group.answer)
    _contradict([list(events)[number] for number in sorted(conflicts)])
    office.meters.notified(len(group))


def _items(plant: Plant, by: str, events: Mapping[int, Event]) -> tuple[Item, ...]:
    now = clock.now()
    items: list[Item] = []
    found: list[tuple[int, Mistake]] = []
    for number, event in events.items():
        try:
            stated = judged(from_json(event.raw), plant, Author(by, event.statement), now)
            items.append(Item(stated, event.key, event.digest))
        except RefusedError as error:
            found += [(number, mistake) for mistake in error.mistakes]
    if found:
        raise AnswerError(422, "not stored: see the mistakes", found)
    return tuple(items)


def _answer(answered: Answered, statement: str) -> Response:
    if not _STATEMENT.fullmatch(statement):
        raise AnswerError(404, "this is no id of a statement: it has 32 of 0-9 and a-f")
    found = answered.find(statement)
    if found is not None:
        told = [{"field": one.field, "reason": one.reason} for one in found.objections]
        content = {"statement": statement, "answer": found.answer, "objections": told}
        return JSONResponse(content)
    if answered.trouble:
        raise later(f"answers cannot be read now: {answered.trouble}")
    return JSONResponse({"statement": statement, "answer": None}, 202, {"Retry-After": "1"})


def _contradict(numbers: Sequence[int]) -> None:
    if numbers:
        found = [(number, _CONTRADICTS) for number in numbers]
        raise AnswerError(409, "not stored: see the mistakes", found)


def _author(office: Office, request: Request) -> str:
    """Whose token came with the request, if it may come now."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        by = office.tokens.owner(token.strip()) if scheme.lower() == "bearer" else None
    except MisconfiguredError as error:
        raise later(str(error)) from error
    if by is None:
        told = "send `Authorization: Bearer …` with a token of `plantstream lab-token add`"
        raise AnswerError(401, told, headers={"WWW-Authenticate": "Bearer"})
    before = office.buckets.get(by)
    office.buckets[by], wait_s = draw(before, clock.monotonic(), office.requests_per_s)
    if wait_s:
        raise later(f"more than {office.requests_per_s:g} requests a second", 429, wait_s)
    return by
