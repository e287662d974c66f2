"""When an edge node is asked for its births: at once, and then ever more seldom."""

from datetime import datetime, timedelta

FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=5)


class Rebirth:
    """The rate of one node's requests; a node that never answers is asked every five minutes."""

    def __init__(self) -> None:
        self._wanted = False
        self._pause = FIRST_PAUSE
        self._asked: tuple[datetime, datetime] | None = None
        """When it was asked, and from when on it may be asked again."""

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
        self._pause, self._asked = FIRST_PAUSE, None

    def due(self, now: datetime) -> bool:
        """Whether to ask now; a True counts as asked. A clock that is set back ends the pause."""
        is_paused = self._asked is not None and self._asked[0] <= now < self._asked[1]
        if not self._wanted or is_paused:
            return False
        self._asked = now, now + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        return True
