"""Which event of the field a record goes back to: two headers that travel from page to page.

`event` names the event itself, always. `traceparent` is W3C Trace Context, and is there only where
this event is traced.
"""

from collections.abc import Mapping, Sequence

from plantstream.runtime.ports import Outgoing, Record
from schemas.record import EventId

EVENT = "event"
TRACEPARENT = "traceparent"
_NAMES = frozenset({EVENT, TRACEPARENT})
_TOLD = 10
"""Events that one line of a log names."""


def event_name(topic: str, key: str, event: EventId) -> str:
    """The name of an event for ever: a source counts per topic and partition key."""
    return f"{event.source}/{event.epoch}/{topic}/{key}/{event.seq}"


def carried(record: Record | Outgoing) -> dict[str, bytes]:
    """What the headers of a record say of where it comes from."""
    headers = record.headers.items() if isinstance(record, Outgoing) else record.headers
    return {name: value for name, value in headers if name in _NAMES}


def events_of(causes: Sequence[Mapping[str, bytes]]) -> list[str]:
    """The events that these headers name, each once, as a log tells them."""
    names = dict.fromkeys(one[EVENT].decode() for one in causes if EVENT in one)
    return list(names)[:_TOLD]
