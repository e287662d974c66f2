"""The loop is stopped at any await, and another goes on: nothing is lost or comes twice."""

from collections.abc import Coroutine
from typing import Any

import pytest

from plantstream.runtime.errors import FencedError
from tests.sinks.bench import AWAY, Bench
from tests.sinks.doubles import Log, MemorySink
from tests.sinks.records import FRAMES


def test_a_crash_at_any_await_loses_and_doubles_nothing():
    """Stop the loop for ever at its n-th await, start another, for every n there is."""
    for last_await in range(400):
        log, sink = Log(), MemorySink()
        crashed = False
        for limit in (last_await, None):
            bench = Bench(log, sink)
            bench.reader.assign(FRAMES)
            if limit is not None:
                bench.append(0, 1, 1, 2)
                log.append(FRAMES, b"k", b"no json")
                sink.failures.append(AWAY)
                sink.refusals.append(FencedError("late"))
            work = bench.turns(5)
            crashed |= _runs_until(work, limit)
            sink.failures.clear()
            sink.refusals.clear()
            bench.append(*([2, 3] if limit is not None else [4]))
        final = Bench(log, sink)
        final.reader.assign(FRAMES)
        _runs_until(final.turns(3), None)
        assert final.seqs() == [0, 1, 2, 3, 4], last_await
        assert len(sink.letters) == 1, last_await
        if not crashed:
            assert last_await > 20
            return
    pytest.fail("the loop never came to its end")


def _runs_until(work: Coroutine[Any, Any, None], limit: int | None) -> bool:
    """Drive a coroutine; True if it was stopped at the limit."""
    awaits = 0
    while True:
        if awaits == limit:
            work.close()
            return True
        try:
            work.send(None)
        except StopIteration:
            return False
        awaits += 1
