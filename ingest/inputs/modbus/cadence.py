"""A fixed beat: polls begin on a grid of time, whatever they take."""

PATIENCE = 1.5
"""Equipment may go unseen for so many periods before that is told."""


class Cadence:
    """When the next poll begins. The caller says what time it is (monotonic seconds)."""

    def __init__(self, period_s: float) -> None:
        self._period_s = period_s
        self._due: float | None = None
        self._began = 0.0
        self._usual_s = 0.0
        self.overruns = 0
        """Polls that took longer than the period."""

    @property
    def allowed_s(self) -> float:
        """How long it may take from one sight to the next; longer where the line is that slow."""
        return PATIENCE * max(self._period_s, self._usual_s)

    def begin(self, now: float) -> None:
        """A poll begins."""
        self._began = now
        if self._due is None:
            self._due = now

    def end(self, now: float, complete: bool) -> float:
        """It has ended, `complete` if every unit answered; gives its seconds if that is too long.

        After an overrun the next poll begins at once, and the one after that on the grid again.
        """
        took_s = now - self._began
        if complete:
            self._usual_s = took_s
        due = (self._began if self._due is None else self._due) + self._period_s
        behind = max(0.0, now - due)
        self._due = due + behind // self._period_s * self._period_s
        if took_s <= self._period_s:
            return 0.0
        self.overruns += 1
        return took_s

    def wait_s(self, now: float) -> float:
        """Until the next poll."""
        return max(0.0, (self._due or now) - now)
