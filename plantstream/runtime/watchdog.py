"""Ends a service that no longer does its work, so that its supervisor starts it anew.

Two things are watched: consumers that stand still (`runtime/kafka/watch.py` looks at them), and the
event loop itself, by a thread. How often it happened outlives the process, in a small file.
"""

import asyncio
import json
import os
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from prometheus_client import CollectorRegistry, Counter

from plantstream.runtime.errors import EXIT_FAILED
from plantstream.runtime.logs import get_logger
from plantstream.runtime.settings import WatchdogSettings

Reason = Literal["consumer", "loop"]
REASONS: tuple[Reason, ...] = ("consumer", "loop")
LOOKS_PER_LIMIT = 20
"""Of the thread at the event loop: how exactly the limit is kept."""
_STACK_LINES = 30

_log = get_logger(__name__)


class Watchdog:
    """Counts what it ended, and knows its limits."""

    def __init__(
        self,
        service: str,
        file: Path,
        registry: CollectorRegistry,
        settings: WatchdogSettings | None = None,
    ) -> None:
        self.settings = settings or WatchdogSettings()
        self._service, self._file = service, file
        self._counts = _read(file)
        self._restarts = Counter(
            "plantstream_watchdog_restarts",
            "Times that the watchdog ended this service: its consumer or its event loop stood.",
            ["reason"],
            registry=registry,
        )
        for reason, count in self._counts.items():
            self._restarts.labels(reason).inc(count)

    def count(self, reason: Reason) -> None:
        """It is about to end the service; the next process of it still knows."""
        self._counts[reason] += 1
        self._restarts.labels(reason).inc()
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._file.with_suffix(".new")
            fresh.write_text(json.dumps(self._counts), encoding="utf-8")
            fresh.replace(self._file)
        except OSError as error:
            _log.warning("restarts are not counted", file=str(self._file), reason=str(error))

    def watch_loop(self) -> "LoopWatch":
        """Look after the event loop that calls this, until it is stopped."""
        return LoopWatch(self.settings.loop_s, self._loop_stands)

    def _loop_stands(self, seconds: float, stack: str) -> None:
        """Called by the thread: nothing else of this process answers any more."""
        _log.error(
            "the watchdog ends this service: its event loop stands still",
            service=self._service,
            stood_s=round(seconds, 1),
            limit_s=self.settings.loop_s,
            at=stack,
        )
        self.count("loop")
        sys.stderr.flush()
        os._exit(EXIT_FAILED)


class LoopWatch:
    """A thread that sees whether an event loop still turns.

    It counts its own looks: in a process that was halted as a whole, it has not looked either. A
    library that blocks the loop and keeps the interpreter to itself keeps this thread as well.
    """

    def __init__(self, limit_s: float, stands: Callable[[float, str], None]) -> None:
        self._limit_s, self._stands = limit_s, stands
        self._every_s = limit_s / LOOKS_PER_LIMIT
        self._loop = asyncio.get_running_loop()
        self._of_loop = threading.get_ident()
        self._turned = threading.Event()
        self._ended = threading.Event()
        if limit_s > 0:
            threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """Nobody has to answer any more."""
        self._ended.set()

    def _watch(self) -> None:
        looks = 0
        while not self._ended.is_set():
            self._turned.clear()
            try:
                self._loop.call_soon_threadsafe(self._turned.set)
            except RuntimeError:
                return  # The loop is closed.
            while not self._turned.wait(self._every_s) and not self._ended.is_set():
                looks += 1
                if looks >= LOOKS_PER_LIMIT:
                    self._stands(looks * self._every_s, self._stack())
            looks = 0
            self._ended.wait(self._every_s)

    def _stack(self) -> str:
        frame = sys._current_frames().get(self._of_loop)  # noqa: SLF001 - the documented way
        return "".join(traceback.format_stack(frame)[-_STACK_LINES:]) if frame else "unknown"


def _read(file: Path) -> dict[Reason, int]:
    """Counts of earlier processes; a file that cannot be read counts from 0."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return {reason: int(found.get(reason, 0)) for reason in REASONS}
    except (OSError, ValueError, AttributeError, TypeError):
        return dict.fromkeys(REASONS, 0)
