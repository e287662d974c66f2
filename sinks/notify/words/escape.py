"""What data must not do in each markup: words of a label stay words."""

import json
import re
from collections.abc import Callable
from typing import Any

from markupsafe import Markup, escape

Escape = Callable[[str], str]

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+!|~-])")


def plain(text: str) -> str:
    """Plain text has no markup."""
    return text


def html(text: str) -> str:
    """HTML, in text and in attributes."""
    return str(escape(text))


def mrkdwn(text: str) -> str:
    """Slack: these three characters begin links, mentions and entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def markdown(text: str) -> str:
    """Markdown of Adaptive Cards."""
    return _MARKDOWN.sub(r"\\\1", text)


def json_text(text: str) -> str:
    """The inside of a JSON string."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def finalizer(escaping: Escape) -> Callable[[Any], Any]:
    """Escapes what a template puts out, except what a filter marked as finished markup."""

    def finalize(value: Any) -> Any:
        return value if isinstance(value, Markup) else escaping(str(value))

    return finalize
