"""What is known of deliveries by now, newest record per channel: so that nothing is sent twice."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from schemas.alerts import DeliveryAttempt
from sinks.notify.delivery import FINAL, is_bounced

MOST_FINISHED = 200_000
"""Ids of finished notifications that are kept: far more than are ever read again."""


@dataclass(frozen=True, slots=True)
class _Finished:
    channel: str
    """By which it was over."""
    others: Mapping[str, DeliveryAttempt]


class Memory:
    """Records of deliveries, as they were read or written."""

    def __init__(self, most_finished: int = MOST_FINISHED) -> None:
        self._most = most_finished
        self._finished: OrderedDict[str, _Finished] = OrderedDict()
        self._open: dict[str, dict[str, DeliveryAttempt]] = {}

    def note(self, attempt: DeliveryAttempt) -> bool:
        """The newest record of its notification and channel; True if by it one is open again."""
        over = self._finished.get(attempt.notification)
        if over is not None and not (is_bounced(attempt) and attempt.channel == over.channel):
            return False
        if over is not None:
            del self._finished[attempt.notification]
            self._open[attempt.notification] = dict(over.others)
        if attempt.outcome in FINAL:
            self.finish(attempt.notification, attempt.channel)
        else:
            self._open.setdefault(attempt.notification, {})[attempt.channel] = attempt
        return over is not None

    def finish(self, notification: str, channel: str) -> None:
        """It is over, by this channel."""
        if notification in self._finished:
            return
        others = self._open.pop(notification, {})
        others.pop(channel, None)
        self._finished[notification] = _Finished(channel, others)
        while len(self._finished) > self._most:
            self._finished.popitem(last=False)

    def is_finished(self, notification: str) -> bool:
        """Whether it is known to be over."""
        return notification in self._finished

    def of(self, notification: str) -> Mapping[str, DeliveryAttempt]:
        """The newest record of each channel."""
        return self._open.get(notification, {})
