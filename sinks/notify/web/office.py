"""What the interface works with, and what every way into it asks first."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from plantstream.runtime import clock
from plantstream.runtime.errors import PlantstreamError
from plantstream.runtime.http_body import BodyError, read_body
from plantstream.runtime.rate import Bucket, draw
from plantstream.runtime.tokens import TokenFile, TokenKind
from schemas.alerts import DeliveryAttempt
from schemas.plant.load import PlantFile
from schemas.plant.model import Plant
from sinks.notify.web.acts import Author, Wish, act_of, saying_of
from sinks.notify.web.board import Board, OfAlert, Standing
from sinks.notify.web.links import Links
from sinks.notify.web.meters import WebMeters
from sinks.notify.web.publishing import ANSWER_WITHIN_S, Publisher, Saying
from sinks.notify.web.refusals import Refusals, RefusedError, later

SENDERS_FILE = "alert-senders.json"
SENDERS = TokenKind("psalert_", "plantstream alert-sender")
MOST_BUCKETS = 10_000
KNOWN_WITHIN_S = 3.0
_LOOK_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class ChannelSecrets:
    """What a provider signs with, as far as its channel has it."""

    token: str | None = None
    """Twilio's auth token."""
    app_secret: str | None = None
    """Of the app that Meta's webhooks come from."""
    verify_token: str | None = None
    """What Meta says when a webhook is set up."""
    webhook_secret: str | None = None
    """PagerDuty's."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may come; bytes of a body, and requests a second in the long run."""

    form_bytes: int = 16 * 1024
    webhook_bytes: int = 1024 * 1024
    alerts_bytes: int = 10 * 1024 * 1024
    alerts_per_post: int = 5_000
    pages_per_s: float = 100.0
    """From one address; twice as many may come at once."""
    knocks_per_s: float = 100.0
    """Webhooks from one address, whoever sends them."""
    webhooks_per_s: float = 100.0
    """To one channel, of its provider."""
    posts_per_s: float = 50.0
    """Of one sender of alerts."""
    answer_within_s: float = ANSWER_WITHIN_S


AnswerTo = Callable[[str, str, str], Awaitable[None]]
"""Say something to somebody (channel, number, text); raises as a channel does."""
Heard = Callable[[str, datetime], None]
"""This number wrote to us by WhatsApp just now, which opens its 24-hour window."""


async def _silent(_channel: str, _number: str, _text: str) -> None:
    return None


@dataclass(slots=True)
class Office:
    """What the interface of one site works with."""

    plant: Callable[[], PlantFile]
    """The plant file in force."""
    board: Board
    links: Links
    publisher: Publisher
    senders: TokenFile
    secrets: Mapping[str, ChannelSecrets] = field(default_factory=dict)
    """By channel."""
    meters: WebMeters = field(default_factory=WebMeters.unseen)
    limits: Limits = field(default_factory=Limits)
    now: Callable[[], datetime] = clock.now
    answer_to: AnswerTo = _silent
    heard: Heard = lambda _number, _at: None
    refusals: Refusals = field(init=False)
    _buckets: dict[tuple[str, str], Bucket] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.refusals = Refusals(self.publisher, self.meters)

    @property
    def site(self) -> Plant:
        """The plant in force."""
        return self.plant().plant

    def must_be_complete(self) -> None:
        """After a start nothing is answered before all that was known is known again.

        Raises:
            RefusedError: it is not yet.
        """
        if not self.board.is_complete:
            raise later("starting: what is known of alerts is being read")

    def must_not_hurry(self, kind: str, who: str, per_s: float) -> None:
        """Take one request of this visitor.

        Raises:
            RefusedError: they come too often.
        """
        if len(self._buckets) >= MOST_BUCKETS:
            self._buckets.clear()
        before = self._buckets.get((kind, who))
        self._buckets[kind, who], wait_s = draw(before, clock.monotonic(), per_s)
        if wait_s:
            raise later(f"more than {per_s:g} requests a second", 429, wait_s)

    def must_not_knock_too_often(self, request: Request) -> None:
        """Take one webhook of this address, before anything is known of who sends it.

        Raises:
            RefusedError: they come too often.
        """
        self.must_not_hurry("webhook", address_of(request), self.limits.knocks_per_s)

    async def body(self, request: Request, limit: int) -> bytes:
        """The request's body.

        Raises:
            RefusedError: it is too large, too slow, or not whole.
        """
        try:
            return await read_body(request, limit)
        except BodyError as error:
            reasons = {413: "too_large", 408: "too_slow"}
            reason = reasons.get(error.status, "not_whole")
            raise RefusedError(error.status, reason, str(error)) from None

    def public_url(self, request: Request) -> str:
        """The address under which a provider knows this request, which a signature covers."""
        outside = self.site.alerts.external_url if self.site.alerts else None
        if outside is None:
            return str(request.url)
        query = f"?{request.url.query}" if request.url.query else ""
        return f"{outside.rstrip('/')}{request.url.path}{query}"

    async def sent(self, provider_id: str, until_s: float) -> DeliveryAttempt | None:
        """The message that a provider speaks of; it may know of it before our own topic does.

        `until_s` is by the monotonic clock.
        """
        found = self.board.sent(provider_id)
        while found is None and clock.monotonic() < until_s:
            await asyncio.sleep(_LOOK_EVERY_S)
            found = self.board.sent(provider_id)
        return found

    async def publish(self, sayings: Sequence[Saying]) -> None:
        """Have these in Kafka.

        Raises:
            RefusedError: nobody knows whether it has them.
        """
        try:
            await self.publisher.publish(sayings, self.limits.answer_within_s)
        except PlantstreamError as error:
            raise later(f"nobody knows yet whether it counts; say it again ({error})") from None

    async def do(self, wish: Wish, alert: Standing, author: Author) -> OfAlert:
        """Have it in Kafka; whoever says the same meanwhile is refused, and may again on failure.

        Raises:
            RefusedError: it was said before, or Kafka does not take it now.
        """
        if self.board.is_used(author.statement):
            raise RefusedError(409, "used", "this was said before")
        act = act_of(wish, alert.status, author, self.plant().version, self.now())
        self.board.use(author.statement)
        try:
            await self.publish([saying_of(act)])
        except RefusedError:
            self.board.release(author.statement)
            raise
        self.board.note(act)
        self.meters.acted(author.via, wish.kind)
        return act


Handler = Callable[[Request], Awaitable[Response]]


def guarded(office: Office, way: str, handler: Handler) -> Handler:
    """The handler of something that programs call: what is refused is answered and recorded."""

    async def handling(request: Request) -> Response:
        try:
            return await handler(request)
        except RefusedError as error:
            await record(office, way, request, error)
            return JSONResponse({"error": error.told}, error.status, error.headers)

    return handling


async def record(office: Office, way: str, request: Request, error: RefusedError) -> None:
    """Count and keep that a program was refused."""
    who = f"{request.url.path} from {address_of(request)}"
    await office.refusals.record(way, error, office.site.site_path(), office.now(), who)


def address_of(request: Request) -> str:
    """Who is connected; behind a proxy that is believed, who is connected to it."""
    return request.client.host if request.client else "?"
