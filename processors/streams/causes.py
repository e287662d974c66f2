"""Which event of the field an output goes back to, as headers of its record. Pure.

Engines know nothing of it: an output belongs to the newest event that had happened by its time.
What a tick finds out belongs to no event of its own; a message about alerts goes back to what
raised the first of them.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from plantstream.runtime.causes import EVENT, carried, event_name
from plantstream.runtime.ports import Record
from processors.step import Output
from schemas.alerts import AlertRecord, Notification
from schemas.record import Envelope

ALERTS_KEPT = 4096
"""Alerts whose event is remembered, of each partition."""

Headers = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A record that could be read."""

    record: Record
    event: Any


@dataclass(slots=True)
class Causes:
    """The events that alerts go back to, and those that were applied now."""

    alerts: OrderedDict[str, Headers] = field(default_factory=OrderedDict)
    arrivals: Sequence[Arrival] = ()

    def among(self, arrivals: Sequence[Arrival]) -> "Causes":
        """The same, while these are applied; alerts among them are remembered."""
        for one in arrivals:
            if isinstance(one.event, AlertRecord):
                self._remember(one.event, carried(one.record))
        return Causes(self.alerts, arrivals)

    def of(self, output: Output) -> Headers:
        """What names the event that this output goes back to; nothing where there is none."""
        cause = self._known(output) or self._arrived(output)
        if isinstance(output.record, AlertRecord):
            self._remember(output.record, cause)
        return cause

    def of_tick(self, output: Output) -> Headers:
        """The same of what time alone brought about."""
        return self._known(output)

    def _arrived(self, output: Output) -> Headers:
        at = getattr(output.record, "at", None)
        by_then = (one for one in reversed(self.arrivals) if _is_by(one, at))
        chosen = next(by_then, self.arrivals[-1] if self.arrivals else None)
        return {} if chosen is None else cause_of(chosen)

    def _known(self, output: Output) -> Headers:
        record = output.record
        if isinstance(record, Notification):
            names = (one.alert_id() for one in record.alerts)
            return next((self.alerts[name] for name in names if name in self.alerts), {})
        if isinstance(record, AlertRecord):
            return self.alerts.get(record.alert_id(), {})
        return {}

    def _remember(self, alert: AlertRecord, cause: Headers) -> None:
        if cause:
            self.alerts.setdefault(alert.alert_id(), cause)
            if len(self.alerts) > ALERTS_KEPT:
                self.alerts.popitem(last=False)


def cause_of(arrival: Arrival) -> Headers:
    """What names the event that a record goes back to: an event of the field is its own."""
    event, record = arrival.event, arrival.record
    headers = carried(record)
    if EVENT not in headers and isinstance(event, Envelope):
        name = event_name(record.topic, event.partition_key(), event.id)
        headers[EVENT] = name.encode()
    return headers


def _is_by(arrival: Arrival, at: datetime | None) -> bool:
    happened = getattr(arrival.event, "source_time", None)
    return at is None or happened is None or happened <= at
