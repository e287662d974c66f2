"""What a row promises meanwhile is looked at, and a promise that was not kept is named."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.chaos.field import Field
from tests.chaos.meanwhile import REBALANCE, Meanwhile, Promises
from tests.kill.ward import Message, Provider

BEGAN = datetime(2020, 3, 2, 6, tzinfo=UTC)
HOT = ("acme/chaos/hall/line/press-00", BEGAN + timedelta(seconds=1))


@pytest.fixture
def seen(tmp_path: Path) -> Meanwhile:
    """A heat and its message three seconds later, a sink of 100 MB, and a rebalance."""
    log = tmp_path / "kafka.log"
    log.write_text(f"{REBALANCE} before\n")
    size = log.stat().st_size
    log.write_text(f"{REBALANCE} before\n{REBALANCE} meanwhile\n")
    alerts = (("Hot", *HOT, "firing"),)
    message = Message("all", "1", "firing", False, alerts, came=HOT[1] + timedelta(seconds=3))
    provider = Provider(messages=[message])
    factory = SimpleNamespace(provider=provider, presses=Field(hot={HOT}))
    over = BEGAN + timedelta(seconds=10)
    return Meanwhile(factory, BEGAN, {log: size}, over, resumed_s=7.0, sink_mb=100.0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kept", "broken", "told"),
    [
        pytest.param(
            Promises(pages_within_s=3), Promises(pages_within_s=2), "a page went out 3.0 s late"
        ),
        pytest.param(
            Promises(sink_below_mb=101), Promises(sink_below_mb=99), "the sink held 100 MB"
        ),
        pytest.param(
            Promises(resumes_within_s=7), Promises(resumes_within_s=6), "it went on after 7.0 s"
        ),
        pytest.param(
            Promises(rebalances_at_most=1), Promises(rebalances_at_most=0), "1 rebalances"
        ),
    ],
)
def test_a_promise_that_was_not_kept_is_named(
    seen: Meanwhile, kept: Promises, broken: Promises, told: str
):
    assert seen.broken(kept) == ""
    assert told in seen.broken(broken)


@pytest.mark.parametrize(
    ("change", "late"),
    [
        pytest.param(lambda seen: seen.factory.provider.messages.clear(), True, id="never told"),
        pytest.param(lambda seen: seen.factory.presses.hot.clear(), False, id="nothing got hot"),
    ],
)
def test_a_heat_of_which_nobody_was_told_is_late(
    seen: Meanwhile, change: Callable[[Meanwhile], None], late: bool
):
    change(seen)
    assert (seen.latest_page() > timedelta(hours=1)) is late


def test_a_heat_of_which_two_messages_speak_is_told_again(seen: Meanwhile):
    provider = seen.factory.provider
    (first,) = provider.messages
    provider.messages.append(replace(first, repeated=True))
    assert provider.told_again("Hot", "all") == []
    provider.messages.append(replace(first, id="2"))
    assert provider.told_again("Hot", "all") == [HOT]
