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

from schemas.acts import Via
from schemas.alerts import Outcome
from schemas.plant.alerts.channels import TwilioChannel
from sinks.notify.web.inbound import Said, delivered, take
from sinks.notify.web.office import Office, guarded
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
        answer = await take(office, Said(via, number, form.get("Body", ""), message_id))
        text = f"<Response><Message>{escape(answer)}</Message></Response>"
        return Response(text, media_type="text/xml")

    async def status(request: Request) -> Response:
        channel, form = await _form(office, request)
        outcome = _OUTCOMES.get(form.get("MessageStatus", ""))
        if outcome is not None:
            detail = f"{form.get('MessageStatus', '')} {form.get('ErrorCode', '')}".strip()
            await delivered(office, channel, _needed(form, "MessageSid"), outcome, detail)
        return Response(status_code=204)

    return [
        Route(MESSAGES, guarded(office, WAY, message), methods=["POST"]),
        Route(STATUSES, guarded(office, WAY, status), methods=["POST"]),
    ]


async def _form(office: Office, request: Request) -> tuple[str, Form]:
    """The channel and what Twilio says, if it is Twilio that says it."""
    name = request.path_params["channel"]
    office.must_not_hurry(WAY, name, office.limits.webhooks_per_s)
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


def _needed(form: Form, name: str) -> str:
    found = form.get(name)
    if not found:
        raise RefusedError(400, "no_form", f"{name} is missing")
    return found
