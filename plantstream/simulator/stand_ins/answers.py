"""How providers answer to a message: what they check, what they keep of it, what they say. Pure."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from plantstream.simulator.stand_ins.arrivals import Kept

JSON, XML, PLAIN = "application/json", "text/xml", "text/plain"
SIGNATURE = "x-plantstream-signature"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to a stand-in."""

    number: int
    """Counts from 1: ids are made of it."""
    path: str
    headers: Mapping[str, str]
    """With names in lower case."""
    body: bytes
    secrets: Mapping[str, str]
    """Of the channel, by the field of its settings."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What the provider says, and what it hands on; nothing if it refuses."""

    status: int
    content: str
    media_type: str
    to: str = ""
    text: str = ""
    kept: Kept | None = None


def answer(kind: str, asked: Asked) -> Answered:
    """As the provider of this channel type answers; a body that nobody can read is refused."""
    known = _PROVIDERS.get(kind)
    if known is None:
        return Answered(404, f"no stand-in for {kind}", PLAIN)
    try:
        return known(asked)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        return Answered(400, json.dumps({"message": f"not readable: {error!r}"}), JSON)


def _twilio(asked: Asked) -> Answered:
    """POST /2010-04-01/Accounts/{AccountSid}/Messages.json."""
    account = asked.path.rpartition("/Accounts/")[2].partition("/")[0]
    proof = base64.b64encode(f"{account}:{asked.secrets['token']}".encode()).decode()
    if not _is(asked.headers.get("authorization"), f"Basic {proof}"):
        told = {"code": 20003, "message": "Authenticate", "status": 401}
        return Answered(401, json.dumps(told), JSON)
    form = dict(parse_qsl(asked.body.decode()))
    sender = form.get("From", form.get("MessagingServiceSid", ""))
    to, text = form["To"], form.get("Body") or form["ContentVariables"]
    said = {
        "sid": f"SM{asked.number:032x}",
        "account_sid": account,
        "status": "queued",
        "to": to,
        "from": sender,
        "body": text,
        "num_segments": "1",
        "direction": "outbound-api",
        "api_version": "2010-04-01",
    }
    written = f"From: {sender}\nTo: {to}\n\n{text}\n"
    to = to.removeprefix("whatsapp:")
    return Answered(201, json.dumps(said), JSON, to, text, Kept("txt", written.encode()))


def _whatsapp(asked: Asked) -> Answered:
    """POST /{Version}/{Phone-Number-ID}/messages."""
    if not _is(asked.headers.get("authorization"), f"Bearer {asked.secrets['token']}"):
        told = {"message": "Invalid OAuth access token", "type": "OAuthException", "code": 190}
        return Answered(401, json.dumps({"error": told}), JSON)
    said = json.loads(asked.body)
    to = said["to"]
    given = {
        "messaging_product": "whatsapp",
        "contacts": [{"input": to, "wa_id": to.lstrip("+")}],
        "messages": [{"id": f"wamid.{asked.number:032x}"}],
    }
    kept = Kept("json", _indented(said))
    return Answered(200, json.dumps(given), JSON, to, _whatsapp_text(said), kept)


def _whatsapp_text(said: Any) -> str:
    if said["type"] == "text":
        return str(said["text"]["body"])
    components = said["template"]["components"]
    return "\n".join(one["text"] for part in components for one in part["parameters"])


def _sns(asked: Asked) -> Answered:
    """Action=Publish of AWS' query protocol."""
    form = dict(parse_qsl(asked.body.decode()))
    to, text, name = form["PhoneNumber"], form["Message"], f"{asked.number:032x}"
    space = "http://sns.amazonaws.com/doc/2010-03-31/"
    said = (
        f'<PublishResponse xmlns="{space}"><PublishResult><MessageId>{name}</MessageId>'
        f"</PublishResult><ResponseMetadata><RequestId>{name}</RequestId></ResponseMetadata>"
        "</PublishResponse>"
    )
    return Answered(200, said, XML, to, text, Kept("txt", f"To: {to}\n\n{text}\n".encode()))


def _pagerduty(asked: Asked) -> Answered:
    """POST /v2/enqueue."""
    said = json.loads(asked.body)
    if not _is(said["routing_key"], asked.secrets["routing_key"]):
        told = {"status": "invalid event", "message": "Event object is invalid", "errors": []}
        return Answered(400, json.dumps(told), JSON)
    given = {
        "status": "success",
        "message": "Event processed",
        "dedup_key": said["dedup_key"],
    }
    return _taken(Answered(202, json.dumps(given), JSON), said)


def _webhook(asked: Asked) -> Answered:
    key = asked.secrets.get("hmac")
    if key is not None:
        proof = "sha256=" + hmac.new(key.encode(), asked.body, hashlib.sha256).hexdigest()
        if not _is(asked.headers.get(SIGNATURE), proof):
            return Answered(401, "the signature is wrong", PLAIN)
    return _taken(Answered(204, "", PLAIN), json.loads(asked.body))


def _chat(asked: Asked) -> Answered:
    """Slack's incoming webhooks say `ok`; others look at the status alone."""
    return _taken(Answered(200, "ok", PLAIN), json.loads(asked.body))


def _taken(answered: Answered, said: Any) -> Answered:
    readable = _indented(said)
    return Answered(
        answered.status,
        answered.content,
        answered.media_type,
        text=readable.decode(),
        kept=Kept("json", readable),
    )


def _indented(said: Any) -> bytes:
    return json.dumps(said, indent=1, ensure_ascii=False).encode()


def _is(given: str | None, wanted: str) -> bool:
    return hmac.compare_digest((given or "").encode(), wanted.encode())


_PROVIDERS: Mapping[str, Callable[[Asked], Answered]] = {
    "twilio_sms": _twilio,
    "twilio_whatsapp": _twilio,
    "sns": _sns,
    "whatsapp": _whatsapp,
    "pagerduty": _pagerduty,
    "webhook": _webhook,
    "slack": _chat,
    "teams": _chat,
    "apprise": _chat,
}
