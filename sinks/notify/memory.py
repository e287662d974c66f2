"""What is known of deliveries by now, newest record per channel: so that nothing is sent twice."""

from collections import OrderedDict
from collections.abc import Mapping

from schemas.alerts import DeliveryAttempt
from sinks.notify.delivery import FINAL

MOST_FINISHED = 200_000
"""Ids of finished notifications that are kept: far more than are ever read again."""


class Memory:
    """Records of deliveries, as they were read or written."""

    def __init__(self, most_finished: int = MOST_FINISHED) -> None:
        self._most = most_finished
        self._finished: OrderedDict[str, None] = OrderedDict()
        self._open: dict[str, dict[str, DeliveryAttempt]] = {}

    def note(self, attempt: DeliveryAttempt) -> None:
        """The newest record of its notification and channel."""
        if attempt.notification in self._finished:
            return
        if attempt.outcome in FINAL:
            self.finish(attempt.notification)
        else:
            self._open.setdefault(attempt.notification, {})[attempt.channel] = attempt

    def finish(self, notification: str) -> None:
        """It is over."""
        self._open.pop(notification, None)
        self._finished[notification] = None
        while len(self._finished) > self._most:
            self._finished.popitem(last=False)

    def is_finished(self, notification: str) -> bool:
        """Whether it is known to be over."""
        return notification in self._finished

    def of(self, notification: str) -> Mapping[str, DeliveryAttempt]:
        """The newest record of each channel."""
        return self._open.get(notification, {})
