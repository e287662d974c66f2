"""WhatsApp by Meta's Cloud API."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.plant.alerts.channels import WhatsAppChannel, WhatsAppTemplate
from sinks.notify.http import Poster
from sinks.notify.message import Kind, Message, RefusedError, Sent

_LONGEST_TEXT, _LONGEST_PARAMETER = 4096, 1024
IsOpen = Callable[[str], bool]
"""Whether somebody wrote to us within the last 24 hours, so that free text is allowed."""


@dataclass(frozen=True, slots=True)
class WhatsAppSender:
    """One phone number of the plant."""

    settings: WhatsAppChannel
    token: str = field(repr=False)
    poster: Poster
    is_open: IsOpen
    kind: Kind = Kind.WHATSAPP

    async def send(self, message: Message, address: str | None) -> Sent:
        """Post it as text within the 24-hour window, by an approved template outside of it."""
        said = payload(message, address or "", self.settings, self.is_open(address or ""))
        answer = await self.poster.post(
            f"{self.settings.endpoint.rstrip('/')}/{self.settings.phone_number_id}/messages",
            json=said,
            headers={"Authorization": f"Bearer {self.token}"},
        )
        return Sent(_id_of(answer.text))

    async def close(self) -> None:
        """The session is not ours."""


def payload(
    message: Message, address: str, settings: WhatsAppChannel, is_open: bool
) -> dict[str, Any]:
    """The request's body."""
    head = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": address}
    if is_open:
        text = {"body": message.text[:_LONGEST_TEXT], "preview_url": False}
        return head | {"type": "text", "text": text}
    template = settings.templates.get(message.language)
    if template is None:
        raise RefusedError(
            f"no approved template in {message.language}: outside of the 24-hour window WhatsApp "
            "takes nothing else; add one to `templates`"
        )
    return head | {"type": "template", "template": _template(template, message.values)}


def _template(template: WhatsAppTemplate, values: Mapping[str, str]) -> dict[str, Any]:
    parameters = [
        {"type": "text", "text": _parameter(values.get(name, ""))} for name in template.parameters
    ]
    components = [{"type": "body", "parameters": parameters}] if parameters else []
    return {
        "name": template.name,
        "language": {"policy": "deterministic", "code": template.language},
        "components": components,
    }


def _parameter(text: str) -> str:
    """Meta refuses empty ones, line breaks, and more than four spaces in a row."""
    return re.sub(r"\s+", " ", text).strip()[:_LONGEST_PARAMETER] or "-"


def _id_of(text: str) -> str | None:
    try:
        return str(json.loads(text)["messages"][0]["id"])
    except (ValueError, KeyError, IndexError, TypeError):
        return None
