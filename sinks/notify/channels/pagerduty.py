"""PagerDuty by Events API v2: the group is the incident."""

import json
from dataclasses import dataclass, field
from typing import Any

from schemas.alerts import Why
from schemas.plant.alerts.channels import PagerDutyChannel
from sinks.notify.http import Poster
from sinks.notify.message import Kind, Message, Sent

_LONGEST_SUMMARY = 1024
_NOT_DETAILS = frozenset({"title", "link", "runbook", "why", "repeated", "language", "code"})
_ACTIONS: dict[Why, str] = {"acknowledged": "acknowledge", "withdrawn": "resolve"}
"""An acknowledgement cannot be taken back there: the incident ends, the next event opens one."""


@dataclass(frozen=True, slots=True)
class PagerDutySender:
    """One service there."""

    settings: PagerDutyChannel
    routing_key: str = field(repr=False)
    poster: Poster
    kind: Kind = Kind.PAGERDUTY

    async def send(self, message: Message, address: str | None) -> Sent:  # noqa: ARG002 - the key is the address
        """Enqueue it; a repeat of the same group opens no second incident."""
        path, said = request(message, self.routing_key)
        url = f"{self.settings.endpoint.rstrip('/')}/v2/{path}"
        answer = await self.poster.post(url, json=said)
        return Sent(_key_of(answer.text) or said.get("dedup_key"))

    async def close(self) -> None:
        """The session is not ours."""


def request(message: Message, routing_key: str) -> tuple[str, dict[str, Any]]:
    """Path and body: maintenance is a change, which pages nobody; all else is an event."""
    links = [
        {"href": link.url, "text": link.text}
        for link in (message.link, message.runbook)
        if link is not None
    ]
    said: dict[str, Any] = {"routing_key": routing_key, "payload": _payload(message)}
    if links:
        said["links"] = links
    if message.why == "maintenance":
        del said["payload"]["severity"]
        return "change/enqueue", said
    action = "resolve" if message.over else _ACTIONS.get(message.why, "trigger")
    return "enqueue", said | {
        "event_action": action,
        "dedup_key": message.group,
        "client": "plantstream",
    }


def _payload(message: Message) -> dict[str, Any]:
    details = {
        name: text for name, text in message.values.items() if text and name not in _NOT_DETAILS
    }
    told: dict[str, Any] = {
        "summary": message.title[:_LONGEST_SUMMARY],
        "source": message.values.get("equipment") or message.values.get("site") or "plantstream",
        "severity": message.severity,
        "timestamp": message.at.isoformat(),
        "custom_details": details,
    }
    if message.why != "maintenance" and message.values.get("area"):
        told["group"] = message.values["area"]
    return told


def _key_of(text: str) -> str | None:
    try:
        return str(json.loads(text)["dedup_key"])
    except (ValueError, KeyError, TypeError):
        return None
