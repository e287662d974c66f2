"""Meta's webhooks for the WhatsApp Cloud API: answers of people, and what became of messages.

https://developers.facebook.com/docs/graph-api/webhooks/getting-started: a GET when it is set up,
then signed POSTs that bring several things at once and are repeated for days until they are taken.
"""

import hmac
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from typing import Any

from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from plantstream.runtime import clock
from plantstream.runtime.errors import PlantstreamError
from plantstream.runtime.logs import get_logger
from schemas.alerts import Outcome
from schemas.plant.alerts.channels import WhatsAppChannel
from sinks.notify.web.inbound import Said, Status, delivered, take
from sinks.notify.web.office import KNOWN_WITHIN_S, ChannelSecrets, Office, guarded
from sinks.notify.web.refusals import RefusedError

WAY = "whatsapp"
PATH = "/in/whatsapp/{channel}"
_OUTCOMES: dict[str, Outcome] = {"delivered": "delivered", "read": "delivered", "failed": "failed"}
_LONGEST_CHALLENGE = 100
_log = get_logger(__name__)


class _Text(BaseModel):
    body: str = ""
    text: str = ""


class _Message(BaseModel):
    sender: str = Field(alias="from")
    id: str
    timestamp: int = Field(ge=0, le=2**33)
    text: _Text | None = None
    button: _Text | None = None
    """What somebody pressed in a template."""


class _Status(BaseModel):
    id: str
    status: str
    errors: list[dict[str, Any]] = []


class _Metadata(BaseModel):
    phone_number_id: str = ""


class _Value(BaseModel):
    metadata: _Metadata = _Metadata()
    messages: list[Any] = Field(default=[], max_length=1000)
    statuses: list[Any] = Field(default=[], max_length=1000)


class _Change(BaseModel):
    value: _Value


class _Entry(BaseModel):
    changes: list[_Change] = Field(default=[], max_length=1000)


class _Webhook(BaseModel):
    entry: list[_Entry] = Field(default=[], max_length=1000)


def whatsapp_routes(office: Office) -> list[Route]:
    """Where Meta asks whether it is us, and where it brings news."""

    async def verify(request: Request) -> Response:
        _, secrets = _channel(office, request)
        asked = request.query_params
        challenge = asked.get("hub.challenge", "")
        token = asked.get("hub.verify_token", "").encode()
        if not secrets.verify_token or not _same(token, secrets.verify_token.encode()):
            raise RefusedError(403, "wrong_token", "not the channel's verify_token")
        if asked.get("hub.mode") != "subscribe" or not challenge.isalnum():
            raise RefusedError(400, "no_challenge", "nothing to verify")
        return PlainTextResponse(challenge[:_LONGEST_CHALLENGE])

    async def news(request: Request) -> Response:
        name, secrets = _channel(office, request)
        body = await office.body(request, office.limits.webhook_bytes)
        _must_be_signed(request, body, secrets)
        office.must_not_hurry(WAY, name, office.limits.webhooks_per_s)
        ours = [one for one in _values(body) if await _is_ours(office, name, one)]
        for said in chain.from_iterable(one.messages for one in ours):
            await _take(office, partial(_answer, office, name, said))
        until_s = clock.monotonic() + KNOWN_WITHIN_S  # for all of them together
        for said in chain.from_iterable(one.statuses for one in ours):
            await _take(office, partial(_note, office, name, said, until_s))
        return Response(status_code=200)

    return [
        Route(PATH, guarded(office, WAY, verify), methods=["GET"]),
        Route(PATH, guarded(office, WAY, news), methods=["POST"]),
    ]


def _channel(office: Office, request: Request) -> tuple[str, ChannelSecrets]:
    name = request.path_params["channel"]
    office.must_not_knock_too_often(request)
    settings, secrets = office.site.channels.get(name), office.secrets.get(name)
    if not isinstance(settings, WhatsAppChannel) or secrets is None:
        raise RefusedError(404, "unknown_channel", "no such channel of WhatsApp")
    return name, secrets


def _must_be_signed(request: Request, body: bytes, secrets: ChannelSecrets) -> None:
    """HMAC-SHA-256 of the body with the app's secret."""
    if not secrets.app_secret:
        raise RefusedError(403, "no_secret", "the channel has no app_secret to check with")
    kind, _, told = request.headers.get("x-hub-signature-256", "").partition("=")
    expected = hmac.new(secrets.app_secret.encode(), body, "sha256").hexdigest()
    if kind != "sha256" or not _same(told.encode(), expected.encode()):
        raise RefusedError(403, "wrong_signature", "not signed with the app's secret")


def _values(body: bytes) -> Iterator[_Value]:
    try:
        webhook = _Webhook.model_validate_json(body)
    except ValidationError:
        raise RefusedError(400, "unreadable", "no webhook of WhatsApp") from None
    for entry in webhook.entry:
        for change in entry.changes:
            yield change.value


async def _is_ours(office: Office, channel: str, value: _Value) -> bool:
    """An app may have several numbers, and brings what is said to each of them."""
    ours = getattr(office.site.channels[channel], "phone_number_id", None)
    if value.metadata.phone_number_id in {"", ours}:
        return True
    told = "for another number than the channel's"
    await _record(office, RefusedError(403, "wrong_account", told))
    return False


async def _take(office: Office, one: Callable[[], Awaitable[None]]) -> None:
    """What is refused for good is taken all the same, or Meta would bring it for a week."""
    try:
        await one()
    except ValidationError:
        await _record(office, RefusedError(400, "unreadable", "a message or status of no shape"))
    except RefusedError as error:
        if error.reason == "not_now":
            raise
        await _record(office, error)


async def _answer(office: Office, channel: str, given: Any) -> None:
    message = _Message.model_validate(given)
    number, part = f"+{message.sender}", message.text or message.button
    at = datetime.fromtimestamp(message.timestamp, UTC)
    office.heard(number, at)
    text = (part.body or part.text) if part else ""
    answer = await take(office, Said("whatsapp", number, text, message.id, at))
    try:
        await office.answer_to(channel, number, answer)
    except PlantstreamError as error:
        _log.warning("an answer is not answered", channel=channel, reason=str(error))


async def _note(office: Office, channel: str, given: Any, until_s: float) -> None:
    status = _Status.model_validate(given)
    outcome = _OUTCOMES.get(status.status)
    if outcome is not None:
        told = next((str(error.get("title", "")) for error in status.errors), "")
        said = Status(status.id, outcome, f"{status.status} {told}".strip())
        await delivered(office, channel, said, until_s)


async def _record(office: Office, error: RefusedError) -> None:
    await office.refusals.record(WAY, error, office.site.site_path(), office.now(), error.told)


def _same(one: bytes, other: bytes) -> bool:
    return hmac.compare_digest(one, other)
