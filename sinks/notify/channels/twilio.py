"""SMS and WhatsApp by Twilio, with its package over the shared session."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
from twilio.base.exceptions import TwilioRestException
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from schemas.plant.alerts.channels import TwilioChannel
from sinks.notify.http import Answer, Poster, check
from sinks.notify.message import Kind, Message, RefusedError, Sent

PARAMETERS = ("title", "severity", "equipment", "value", "since", "link")
"""What stands for {{1}}, {{2}}, … in a WhatsApp content template."""
_OURS = "https://api.twilio.com"
_LONGEST_BODY = 1600
_CLIENT_ERRORS = range(400, 500)

IsOpen = Callable[[str], bool]
"""Whether somebody wrote to us within the last 24 hours, so that free text is allowed."""


class SharedHttpClient(AsyncHttpClient):  # type: ignore[misc] # the package has no types
    """Twilio's requests with our time limit; what only asks for patience never reaches Twilio."""

    def __init__(self, poster: Poster, endpoint: str) -> None:
        super().__init__(logging.getLogger(__name__), True, poster.timeout_s)
        self._poster, self._endpoint = poster, endpoint.rstrip("/")

    async def request(self, method: str, uri: str, **given: Any) -> Response:
        """The answer, unless a later try may have another one.

        Raises:
            TemporaryError: 429, 5xx, or no answer.
        """
        answer = await self._poster.ask(
            method,
            uri.replace(_OURS, self._endpoint, 1),
            params=given.get("params"),
            data=given.get("data"),
            headers=dict(given.get("headers") or {}) | _authorized(given.get("auth")),
        )
        if answer.status not in _CLIENT_ERRORS or _may_pass(answer):
            check(answer)
        return Response(answer.status, answer.text, answer.headers)


@dataclass(frozen=True, slots=True)
class TwilioSender:
    """One account."""

    settings: TwilioChannel
    messages: Any
    """Twilio's, made before the first message: its package imports half a second's worth for it."""
    is_open: IsOpen
    kind: Kind
    status_url: str | None = None
    """Where Twilio says what became of a message."""

    async def send(self, message: Message, address: str | None) -> Sent:
        """Create the message at Twilio; callbacks tell later whether it arrived."""
        settings = self.settings
        whatsapp = self.kind is Kind.WHATSAPP
        prefix = "whatsapp:" if whatsapp else ""
        wanted: dict[str, Any] = {"to": f"{prefix}{address}"}
        if self.status_url is not None:
            wanted["status_callback"] = self.status_url
        if settings.sender.startswith("MG"):
            wanted["messaging_service_sid"] = settings.sender
        else:
            wanted["from_"] = f"{prefix}{settings.sender}"
        if whatsapp and not self.is_open(address or ""):
            wanted |= self._template(message)
        else:
            wanted["body"] = message.text[:_LONGEST_BODY]
        try:
            created = await self.messages.create_async(**wanted)
        except TwilioRestException as error:
            told = f"HTTP {error.status}, Twilio {error.code}: {error.msg}"
            raise RefusedError(told[:500]) from None
        return Sent(created.sid)

    async def close(self) -> None:
        """The session is not ours."""

    def _template(self, message: Message) -> dict[str, str]:
        template = self.settings.templates.get(message.language)
        if template is None:
            raise RefusedError(
                f"no approved template in {message.language}: outside of the 24-hour window "
                "WhatsApp takes nothing else; add one to `templates`"
            )
        values = {
            str(number): message.values.get(name) or "-"
            for number, name in enumerate(PARAMETERS, start=1)
        }
        return {"content_sid": template, "content_variables": json.dumps(values)}


def twilio_sender(
    settings: TwilioChannel,
    token: str,
    session: aiohttp.ClientSession,
    is_open: IsOpen,
    status_url: str | None = None,
) -> TwilioSender:
    """The channel of these settings."""
    poster = Poster(session, settings.timeout.total_seconds())
    http = SharedHttpClient(poster, settings.endpoint)
    client = Client(settings.account, token, http_client=http)
    kind = Kind.WHATSAPP if settings.type == "twilio_whatsapp" else Kind.SMS
    return TwilioSender(settings, client.messages, is_open, kind, status_url)


def _authorized(auth: tuple[str, str] | None) -> dict[str, str]:
    return {} if auth is None else {"Authorization": aiohttp.encode_basic_auth(*auth)}


def _may_pass(answer: Answer) -> bool:
    return answer.status in {408, 425, 429}
