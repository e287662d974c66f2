"""Twilio's webhooks: answers by SMS and WhatsApp, and what became of messages.

Signed as https://www.twilio.com/docs/usage/webhooks/webhooks-security says, over the public URL.
"""

from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator

from plantstream.runtime import clock
from schemas.acts import Via
from schemas.alerts import Outcome
from schemas.plant.alerts.channels import TwilioChannel
from sinks.notify.web.inbound import Said, Status, delivered, not_now, take
from sinks.notify.web.office import KNOWN_WITHIN_S, Office, guarded, record
from sinks.notify.web.refusals import RefusedError

WAY = "twilio"
MESSAGES = "/in/twilio/{channel}"
STATUSES = "/in/twilio/{channel}/status"
_OUTCOMES: dict[str, Outcome] = {
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "failed",
    "failed": "failed",
}
"""The other statuses of https://www.twilio.com/docs/messaging/api/message-resource end nothing."""
_MOST_FIELDS = 200
Form = ImmutableMultiDict[str, str]


def twilio_routes(office: Office) -> list[Route]:
    """Where messages and statuses come in."""

    async def message(request: Request) -> Response:
        channel, form = await _form(office, request)
        number = form.get("From", "")
        via: Via = "whatsapp" if number.startswith("whatsapp:") else "sms"
        if via == "whatsapp":
            office.heard(number.removeprefix("whatsapp:"), office.now())
        message_id = f"{channel}|{_needed(form, 'MessageSid')}"
        try:
            _must_not_hurry(office, channel)
            answer = await take(office, Said(via, number, form.get("Body", ""), message_id))
        except RefusedError as error:
            answer = not_now(office, number, error)  # Twilio would not bring it again.
            await record(office, WAY, request, error)
        text = f"<Response><Message>{escape(answer)}</Message></Response>"
        return Response(text, media_type="text/xml")

    async def status(request: Request) -> Response:
        channel, form = await _form(office, request)
        _must_not_hurry(office, channel)
        outcome = _OUTCOMES.get(form.get("MessageStatus", ""))
        if outcome is not None:
            detail = f"{form.get('MessageStatus', '')} {form.get('ErrorCode', '')}".strip()
            told = Status(_needed(form, "MessageSid"), outcome, detail)
            await delivered(office, channel, told, clock.monotonic() + KNOWN_WITHIN_S)
        return Response(status_code=204)

    return [
        Route(MESSAGES, guarded(office, WAY, message), methods=["POST"]),
        Route(STATUSES, guarded(office, WAY, status), methods=["POST"]),
    ]


async def _form(office: Office, request: Request) -> tuple[str, Form]:
    """The channel and what Twilio says, if it is Twilio that says it."""
    name = request.path_params["channel"]
    office.must_not_knock_too_often(request)
    settings, secrets = office.site.channels.get(name), office.secrets.get(name)
    if not isinstance(settings, TwilioChannel) or secrets is None or secrets.token is None:
        raise RefusedError(404, "unknown_channel", "no such channel of Twilio")
    body = await office.body(request, office.limits.form_bytes)
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise RefusedError(400, "no_form", "the body is no form") from None
    form = Form(pairs)
    signature = request.headers.get("x-twilio-signature", "")
    validator = RequestValidator(secrets.token)
    if not validator.validate(office.public_url(request), form, signature):
        raise RefusedError(403, "wrong_signature", "not signed with the channel's token")
    if form.get("AccountSid") != settings.account:
        raise RefusedError(403, "wrong_account", "of another account than the channel's")
    return name, form


def _must_not_hurry(office: Office, channel: str) -> None:
    office.must_not_hurry(WAY, channel, office.limits.webhooks_per_s)


def _needed(form: Form, name: str) -> str:
    found = form.get(name)
    if not found:
        raise RefusedError(400, "no_form", f"{name} is missing")
    return found
