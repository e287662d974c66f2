"""Slack by incoming webhook, with blocks."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)
from slack_sdk.webhook.async_client import AsyncWebhookClient

from sinks.notify.http import Answer, check
from sinks.notify.message import Kind, Message, Sent, TemporaryError

_TITLE, _SECTION, _LINK = 150, 3000, 3000
"""Slack's limits, in characters."""


@dataclass(frozen=True, slots=True)
class SlackSender:
    """One webhook, which is one channel at Slack."""

    client: AsyncWebhookClient
    timeout_s: float
    kind: Kind = Kind.SLACK

    async def send(self, message: Message, address: str | None) -> Sent:  # noqa: ARG002 - the webhook is the address
        """Post it; Slack gives no id."""
        try:
            async with asyncio.timeout(self.timeout_s):
                given = await self.client.send(text=fallback(message), blocks=blocks(message))
        except TimeoutError:
            told = f"no answer within {self.timeout_s:g} s"
            raise TemporaryError(told, unclear=True) from None
        except aiohttp.ClientConnectorError as error:
            raise TemporaryError(f"no connection: {type(error.os_error).__name__}") from None
        except aiohttp.ClientError as error:
            raise TemporaryError(f"no whole answer: {type(error).__name__}", unclear=True) from None
        check(Answer(given.status_code, given.body, given.headers))
        return Sent()

    async def close(self) -> None:
        """The session is not ours."""


def slack_sender(url: str, session: aiohttp.ClientSession, timeout_s: float) -> SlackSender:
    """The channel of this webhook; retries are the delivery's own."""
    return SlackSender(AsyncWebhookClient(url, session=session, retry_handlers=[]), timeout_s)


def blocks(message: Message) -> list[Block]:
    """Title, text, and buttons: in the text no address becomes a link, and no name a mention."""
    title = PlainTextObject(text=_clipped(message.title, _TITLE), emoji=True)
    made: list[Block] = [HeaderBlock(text=title)]
    made += [
        SectionBlock(text=MarkdownTextObject(text=part, verbatim=True))
        for part in _parts(message.text)
    ]
    links = (("acknowledge", message.link), ("runbook", message.runbook))
    buttons = [
        ButtonElement(text=PlainTextObject(text=link.text), url=link.url, action_id=name)
        for name, link in links
        if link is not None and len(link.url) <= _LINK
    ]
    if buttons:
        made.append(ActionsBlock(elements=buttons))
    return made


def payload(message: Message) -> dict[str, Any]:
    """The request's body; the models of Slack's own package refuse what Slack would."""
    return {"text": fallback(message), "blocks": [one.to_dict() for one in blocks(message)]}


def fallback(message: Message) -> str:
    """What notifications on a phone show."""
    return message.title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _parts(text: str) -> Iterator[str]:
    """Whole lines, as many as a section takes."""
    part = ""
    for line in text.splitlines():
        longer = f"{part}\n{line}" if part else line
        if len(longer) > _SECTION:
            yield part
            longer = line[:_SECTION]
        part = longer
    if part.strip():
        yield part


def _clipped(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
