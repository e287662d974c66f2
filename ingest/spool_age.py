"""The time by which a spool's entries grow old: the wall clock's, unless that jumps."""

from plantstream.runtime.logs import get_logger

LARGEST_STEP_S = 24 * 3600.0
"""A clock that goes on further between two commits has jumped, or the edge was off for so long."""

_log = get_logger(__name__)


class SpoolAge:
    """Goes on with the clock, and by `LARGEST_STEP_S` at most when the clock jumps ahead.

    Who comes back after a long time off drops what is too old a little later; who gets a wrong
    time drops nothing at once, and nothing at all if the time is mended soon.
    """

    def __init__(self, newest: float | None) -> None:
        self._clock = newest
        """What the clock said last: when the newest entry was stored, after a start."""
        self._ahead = 0.0
        """How far the clock is ahead of what is believed."""

    def at(self, clock: float) -> float:
        """The time that is believed when the clock says this (seconds since 1970)."""
        before, self._clock = self._clock, clock
        step = 0.0 if before is None else clock - before
        if step > LARGEST_STEP_S:
            self._ahead += step - LARGEST_STEP_S
            _log.warning(
                "the clock has jumped ahead: what waits in the spool does not grow old by that",
                jump_s=round(step),
                believed_s=LARGEST_STEP_S,
            )
        elif step < 0:
            self._ahead = max(0.0, self._ahead + step)
        return clock - self._ahead
