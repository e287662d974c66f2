"""Bodies of generic webhooks: the notification as JSON, or a template of the plant file."""

import json
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, meta
from jinja2.sandbox import SandboxedEnvironment

from schemas.alerts import Notification
from sinks.notify.words.escape import finalizer, json_text

FIELDS = frozenset(
    {
        "action",
        "alerts",
        "area",
        "at",
        "code",
        "comment",
        "description",
        "equipment",
        "escalates",
        "group",
        "id",
        "labels",
        "language",
        "level",
        "limit",
        "link",
        "reason",
        "recipient",
        "repeated",
        "runbook",
        "severity",
        "since",
        "site",
        "summary",
        "title",
        "told",
        "total",
        "value",
        "why",
    }
)
"""What a template may name: words of the reader, and the notification's own fields."""


def body(template: str | None, values: dict[str, Any], notification: Notification) -> str:
    """The body of the request."""
    if template is None:
        record = notification.model_dump(mode="json", exclude_none=True)
        return json.dumps(record | {"words": values}, ensure_ascii=False)
    named = values | {
        "id": notification.id,
        "group": notification.group,
        "at": notification.at.isoformat(),
        "recipient": notification.recipient,
        "alerts": [one.model_dump(mode="json") for one in notification.alerts],
        "labels": dict(notification.group_labels),
        "level": notification.severity,
    }
    return _environment().from_string(template).render(named)


def mistakes(template: str) -> list[str]:
    """What is wrong with a template, for `plantstream check`; nothing is sent for it."""
    environment = _environment()
    try:
        parsed = environment.parse(template)
    except TemplateSyntaxError as error:
        return [f"line {error.lineno}: {error.message}"]
    except TemplateError as error:
        return [str(error)]
    unknown = sorted(meta.find_undeclared_variables(parsed) - FIELDS)
    return [f"unknown field {one}; there are {', '.join(sorted(FIELDS))}" for one in unknown]


def _environment() -> SandboxedEnvironment:
    """Every value is escaped as the inside of a JSON string; `tojson` gives whole values."""
    return SandboxedEnvironment(undefined=StrictUndefined, finalize=finalizer(json_text))
