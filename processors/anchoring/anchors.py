"""Anchors: made at intervals, kept in a file, sent to a receiver."""

import asyncio
import os
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge

from plantstream.runtime.errors import MisconfiguredError, UnavailableError
from plantstream.runtime.logs import get_logger
from plantstream.runtime.pauses import is_over
from plantstream.runtime.signing_key import SigningKey
from processors.audit.engine import Head
from schemas.audit import Anchor
from schemas.codec import encode

MOST_UNSENT = 10_000
"""Anchors that wait for the receiver; the file has all of them."""
LAST_WITHIN_S = 3.0
_LOOK_S = 1.0
_log = get_logger(__name__)


class Receiver(Protocol):
    """Somebody elsewhere who keeps anchors."""

    async def take(self, anchor: Anchor) -> None:
        """Return once it has the anchor; the same one may come again.

        Raises:
            UnavailableError: it has not; the anchor comes again with the next ones.
        """


class AnchorMetrics:
    """What is told of anchors."""

    def __init__(self, registry: CollectorRegistry) -> None:
        made = Counter(
            "plantstream_audit_anchors",
            "Anchors of audit chains by where they went.",
            ["to"],
            registry=registry,
        )
        self.kept, self.sent = made.labels("file"), made.labels("receiver")
        self.unsent = Gauge(
            "plantstream_audit_anchors_unsent",
            "Anchors that the receiver has not taken yet.",
            registry=registry,
        )
        self.head = Gauge(
            "plantstream_audit_head",
            "Number of the newest anchored record of a chain.",
            ["site"],
            registry=registry,
        )


class AnchorKeeper:
    """Anchors all chains at intervals. One task calls it."""

    def __init__(
        self,
        heads: Callable[[], Mapping[str, Head]],
        key: SigningKey,
        file: Path,
        metrics: AnchorMetrics,
        receiver: Receiver | None = None,
    ) -> None:
        self._heads, self._key, self._file = heads, key, file
        self._metrics, self._receiver = metrics, receiver
        self._unsent: deque[Anchor] = deque(maxlen=MOST_UNSENT)
        self._anchored_at: datetime | None = None

    async def run(
        self, now: Callable[[], datetime], every: timedelta, stopping: asyncio.Event
    ) -> None:
        """Anchor as soon as a head is known, and then at this interval, until told to stop."""
        while not stopping.is_set():
            at, before = now(), self._anchored_at
            if self._heads() and (before is None or is_over(every, before, at)):
                await self.anchor(at)
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await stopping.wait()

    async def last(self, now: Callable[[], datetime]) -> None:
        """Anchor once more, after the last record; a receiver that is slow then does without."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WITHIN_S):
                await self.anchor(now())

    async def anchor(self, now: datetime) -> None:
        """Sign the heads as they are now; in the file before anybody is told.

        Raises:
            MisconfiguredError: the file cannot be written.
        """
        self._anchored_at = now
        made = [self._signed(site, head, now) for site, head in sorted(self._heads().items())]
        if made:
            await asyncio.to_thread(append, self._file, made)
        for anchor in made:
            self._metrics.kept.inc()
            self._metrics.head.labels(anchor.site).set(anchor.number)
        if self._receiver is not None:
            self._unsent.extend(made)
            await self._send(self._receiver)

    async def _send(self, receiver: Receiver) -> None:
        try:
            while self._unsent:
                await receiver.take(self._unsent[0])
                self._unsent.popleft()
                self._metrics.sent.inc()
        except UnavailableError as error:
            _log.warning("anchors wait for their receiver", n=len(self._unsent), reason=str(error))
        self._metrics.unsent.set(len(self._unsent))

    def _signed(self, site: str, head: Head, now: datetime) -> Anchor:
        anchor = Anchor(
            site=site, number=head.number, hash=head.hash, at=now, key=self._key.verifying.id
        )
        return anchor.model_copy(update={"signature": self._key.sign(anchor.signed())})


def append(file: Path, anchors: list[Anchor]) -> None:
    """Add a line for each, after a line that a crash left half, and return once they are on disk.

    Raises:
        MisconfiguredError: the file cannot be written.
    """
    lines = b"".join(encode(anchor) + b"\n" for anchor in anchors)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        torn = file.exists() and not file.read_bytes().endswith(b"\n")
        with file.open("ab") as to:
            to.write(b"\n" + lines if torn else lines)
            to.flush()
            os.fsync(to.fileno())
    except OSError as error:
        raise MisconfiguredError(f"{file} cannot be written: {error.strerror}") from error
