"""Notifications that a provider has, kept as long as another channel could still help. Pure."""

from collections import OrderedDict
from datetime import datetime

from schemas.alerts import Notification

MOST = 20_000


class Handed:
    """The newest ones that have a fallback."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: OrderedDict[str, Notification] = OrderedDict()

    def keep(self, told: Notification, now: datetime) -> None:
        """A provider has it; what nothing else could deliver is not kept."""
        if not told.fallback or now >= told.expires_at:
            return
        self._kept[told.id] = told
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def take(self, notification: str) -> Notification | None:
        """The notification, if it is kept; from then on it is not."""
        return self._kept.pop(notification, None)
