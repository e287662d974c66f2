"""Microsoft Teams: an Adaptive Card to a Workflows URL."""

from dataclasses import dataclass, field
from typing import Any

from sinks.notify.http import Poster
from sinks.notify.message import Kind, Message, Sent

_COLOURS = {"info": "accent", "warning": "warning", "critical": "attention"}
_SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"


@dataclass(frozen=True, slots=True)
class TeamsSender:
    """One workflow, which posts into one channel."""

    url: str = field(repr=False)
    poster: Poster
    kind: Kind = Kind.TEAMS

    async def send(self, message: Message, address: str | None) -> Sent:  # noqa: ARG002 - the URL is the address
        """Post it; Teams gives no id."""
        await self.poster.post(self.url, json=payload(message))
        return Sent()

    async def close(self) -> None:
        """The session is not ours."""


def payload(message: Message) -> dict[str, Any]:
    """The request's body."""
    card = {"contentType": "application/vnd.microsoft.card.adaptive", "content": _card(message)}
    return {"type": "message", "attachments": [card]}


def _card(message: Message) -> dict[str, Any]:
    title = {
        "type": "RichTextBlock",
        "inlines": [
            {
                "type": "TextRun",
                "text": message.title,
                "size": "large",
                "weight": "bolder",
                "color": "good" if message.over else _COLOURS[message.severity],
            }
        ],
    }
    text = {"type": "TextBlock", "text": message.text, "wrap": True}
    card: dict[str, Any] = {
        "$schema": _SCHEMA,
        "type": "AdaptiveCard",
        "version": "1.4",
        "lang": message.language,
        "fallbackText": message.title,
        "body": [title, text],
    }
    links = [link for link in (message.link, message.runbook) if link is not None]
    if links:
        card["actions"] = [
            {"type": "Action.OpenUrl", "title": link.text, "url": link.url} for link in links
        ]
    return card
