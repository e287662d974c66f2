"""When an edge node is asked for its births: at once, and then ever more seldom."""

from datetime import datetime, timedelta

FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=5)


class Rebirth:
    """The rate of one node's requests; a node that never answers is asked every five minutes."""

    def __init__(self) -> None:
        self._wanted = False
        self._pause = FIRST_PAUSE
        self._not_before: datetime | None = None

    @property
    def wanted(self) -> bool:
        """Whether births are missing."""
        return self._wanted

    def want(self) -> None:
        """Births are missing."""
        self._wanted = True

    def forget(self) -> None:
        """They came, or the node went away and will send them when it is back."""
        self._wanted = False
        self._pause = FIRST_PAUSE

    def hurry(self) -> None:
        """Earlier requests got nowhere: the broker was away."""
        self._pause, self._not_before = FIRST_PAUSE, None

    def due(self, now: datetime) -> bool:
        """Whether to ask now; a True counts as asked."""
        if not self._wanted or (self._not_before is not None and now < self._not_before):
            return False
        self._not_before = now + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        return True
