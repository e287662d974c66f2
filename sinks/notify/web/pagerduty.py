"""PagerDuty's webhooks (v3): what people do about incidents there counts here.

https://developer.pagerduty.com/docs/verifying-webhook-signatures
"""

import asyncio
import hmac
from datetime import datetime

from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from schemas.alerts import is_flood_incident
from schemas.plant.alerts.channels import PagerDutyChannel
from schemas.record import UtcTime
from sinks.notify.web.acts import ACKNOWLEDGE, UNACKNOWLEDGE, Author, Wish, statement_of
from sinks.notify.web.board import Standing
from sinks.notify.web.hindsight import Hindsight, hindsight
from sinks.notify.web.inbound import STALE_AFTER
from sinks.notify.web.office import Office, guarded
from sinks.notify.web.refusals import RefusedError

WAY = "pagerduty"
PATH = "/in/pagerduty/{channel}"
_WISHES: dict[str, tuple[Wish, str]] = {
    "incident.acknowledged": (ACKNOWLEDGE, "acknowledged in PagerDuty"),
    "incident.unacknowledged": (UNACKNOWLEDGE, "unacknowledged in PagerDuty"),
    "incident.resolved": (ACKNOWLEDGE, "resolved in PagerDuty"),
}
"""Resolved there is taken care of here: the alert itself is over once its condition is."""


class _Agent(BaseModel):
    type: str = ""
    summary: str = Field(default="", max_length=500)


class _Incident(BaseModel):
    incident_key: str | None = None


class _Event(BaseModel):
    id: str = Field(min_length=1, max_length=200)
    event_type: str
    occurred_at: UtcTime
    agent: _Agent | None = None
    data: _Incident


class _Webhook(BaseModel):
    event: _Event


def pagerduty_routes(office: Office) -> list[Route]:
    """Where PagerDuty tells what people do there."""

    async def news(request: Request) -> Response:
        name = request.path_params["channel"]
        office.must_not_knock_too_often(request)
        secret = _secret(office, name)
        body = await office.body(request, office.limits.webhook_bytes)
        _must_be_signed(request, body, secret)
        office.must_not_hurry(WAY, name, office.limits.webhooks_per_s)
        event = _event(body)
        office.must_be_complete()
        done = await _take(office, name, event)
        return JSONResponse({"alerts": done}, 202)

    return [Route(PATH, guarded(office, WAY, news), methods=["POST"])]


async def _take(office: Office, channel: str, event: _Event) -> int:
    """How many alerts it was about: all of the group that the incident stands for.

    The summary of a flood names some as examples; nobody has seen the others.
    """
    group = event.data.incident_key
    if event.event_type not in _WISHES or group is None or is_flood_incident(group):
        return 0
    wish, comment = _WISHES[event.event_type]
    if wish is ACKNOWLEDGE and not _is_by_a_person(event):
        return 0
    _must_be_new(office, channel, event)
    then, who = hindsight(event.occurred_at, office.now()), _who(office, event)

    async def do(standing: Standing) -> None:
        said_with = f"{channel}|{event.id}|{standing.status.fingerprint}"
        author = Author(who, "pagerduty", statement_of(WAY, said_with), comment=comment)
        await office.do(wish, standing, author)

    meant = [one for one in office.board.of_group(group) if _is_meant(one, wish, channel, then)]
    done = await asyncio.gather(*map(do, meant), return_exceptions=True)
    for failure in done:
        if isinstance(failure, BaseException):
            raise failure
    office.board.use(_name(channel, event))
    return len(done)


def _is_meant(standing: Standing, wish: Wish, channel: str, then: Hindsight) -> bool:
    """Whether it is about an alert: nobody has answered one of which they heard only later."""
    if wish is ACKNOWLEDGE:
        return standing.acknowledged_by is None and standing.is_known(channel, then)
    return standing.was_taken(then)


def _is_by_a_person(event: _Event) -> bool:
    """What we say there ourselves comes back as an event of the integration: nobody's answer."""
    return event.agent is not None and event.agent.type in {"user", "user_reference"}


def _must_be_new(office: Office, channel: str, event: _Event) -> None:
    since: datetime = event.occurred_at
    if office.now() - since > STALE_AFTER:
        raise RefusedError(409, "stale", f"an event of {since.isoformat()} came only now")
    if office.board.is_used(_name(channel, event)):
        raise RefusedError(409, "used", "this event came before")


def _name(channel: str, event: _Event) -> str:
    return statement_of(WAY, f"{channel}|{event.id}")


def _who(office: Office, event: _Event) -> str:
    """A person of the plant by the printed name, or whoever PagerDuty names."""
    told = event.agent.summary.strip() if event.agent else ""
    known = {one.name: one.id for one in office.site.people}
    return known.get(told, told) or "pagerduty"


def _secret(office: Office, name: str) -> str:
    secrets = office.secrets.get(name)
    if not isinstance(office.site.channels.get(name), PagerDutyChannel) or secrets is None:
        raise RefusedError(404, "unknown_channel", "no such channel of PagerDuty")
    if not secrets.webhook_secret:
        raise RefusedError(403, "no_secret", "the channel has no webhook_secret to check with")
    return secrets.webhook_secret


def _must_be_signed(request: Request, body: bytes, secret: str) -> None:
    """`v1=` HMAC-SHA-256 of the body; while a secret is changed there are several."""
    expected = b"v1=" + hmac.new(secret.encode(), body, "sha256").hexdigest().encode()
    told = request.headers.get("x-pagerduty-signature", "").encode().split(b",")
    if not any(hmac.compare_digest(one.strip(), expected) for one in told[:10]):
        raise RefusedError(403, "wrong_signature", "not signed with the webhook's secret")


def _event(body: bytes) -> _Event:
    try:
        return _Webhook.model_validate_json(body).event
    except ValidationError:
        raise RefusedError(400, "unreadable", "no webhook of PagerDuty, version 3") from None
