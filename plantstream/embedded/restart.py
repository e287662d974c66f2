"""When a part that died is started again, and when that is given up."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class RestartPolicy:
    """At most `limit` restarts in `window_s`; the wait doubles from `first_s` to `longest_s`."""

    limit: int = 5
    window_s: float = 60.0
    first_s: float = 0.2
    longest_s: float = 5.0


def restart_delay_s(deaths: Sequence[float], now: float, policy: RestartPolicy) -> float | None:
    """Seconds to wait before the next start, or None when the part has died too often.

    `deaths` are times on the clock of `now`, the newest death included.
    """
    recent = sum(1 for at in deaths if now - at <= policy.window_s)
    if recent > policy.limit:
        return None
    return float(min(policy.longest_s, policy.first_s * 2 ** max(0, recent - 1)))
