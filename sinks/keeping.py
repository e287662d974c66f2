"""The daily look for records whose time is over, beside the sink's loop."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge

from plantstream.runtime.errors import MisconfiguredError, RejectedError, UnavailableError
from plantstream.runtime.logs import get_logger

_log = get_logger()


class Outcome(Protocol):
    """What one look came to."""

    @property
    def deleted_records(self) -> int:
        """Records deleted."""

    @property
    def held_records(self) -> int:
        """Records that only a hold keeps."""


@dataclass(frozen=True, slots=True)
class KeepingTime:
    """The clock of the loop, and how often it looks, in seconds."""

    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]
    first_s: float = 600.0
    """After its start: the sink stores what waits before."""
    every_s: float = 24 * 3600.0
    again_s: float = 600.0
    """After a failure."""


class KeepingMeters:
    """Meters of the look for old records."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.deleted = Counter(
            "plantstream_sink_records_deleted",
            "Records of batches deleted because their time was over.",
            registry=registry,
        )
        self.held = Gauge(
            "plantstream_sink_records_held",
            "Records of batches older than their time that a hold keeps.",
            registry=registry,
        )
        self.looked_at = Gauge(
            "plantstream_sink_retention_timestamp_seconds",
            "When old records were looked for last; before the first time, when the sink began.",
            registry=registry,
        )


async def keep_records(
    run: Callable[[datetime], Awaitable[Outcome]], time: KeepingTime, registry: CollectorRegistry
) -> None:
    """Look for old records until the task is cancelled; a failure is told and tried again."""
    meters = KeepingMeters(registry)
    # Nobody sees a 0: a sink of which every look fails is as far behind as its start.
    meters.looked_at.set(time.now().timestamp())
    pause_s = time.first_s
    while True:
        await time.sleep(pause_s)
        now = time.now()
        try:
            found = await run(now)
        except (UnavailableError, MisconfiguredError, RejectedError) as error:
            _log.warning("records not looked through", reason=str(error))
            pause_s = time.again_s
            continue
        meters.deleted.inc(found.deleted_records)
        meters.held.set(found.held_records)
        meters.looked_at.set(now.timestamp())
        _log.info("records looked through", deleted=found.deleted_records, held=found.held_records)
        pause_s = time.every_s
