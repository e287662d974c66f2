"""Bodies of generic webhooks: the notification as JSON, or a template of the plant file.

What a template may name is `PAYLOAD_FIELDS` of the schemas; `plantstream check` holds it to that.
"""

import json
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from schemas.alerts import Notification
from sinks.notify.words.escape import finalizer, json_text


def body(template: str | None, values: dict[str, Any], notification: Notification) -> str:
    """The body of the request; a template may name all of `PAYLOAD_FIELDS`."""
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


def _environment() -> SandboxedEnvironment:
    """Every value is escaped as the inside of a JSON string; `tojson` gives whole values."""
    return SandboxedEnvironment(undefined=StrictUndefined, finalize=finalizer(json_text))
