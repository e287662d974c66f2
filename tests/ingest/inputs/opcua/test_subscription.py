"""What is asked of a server follows from the plant file."""

import pytest

from ingest.inputs.opcua.subscription import Subscription, keep_alive_count, queue_size
from schemas.plant.sources import OpcUaSource, Security


def source(**fields):
    open_to_all = Security(policy="None", mode="None")
    return OpcUaSource(type="opcua", endpoint="opc.tcp://x", security=open_to_all, **fields)


@pytest.mark.parametrize(
    ("sampling_ms", "publishing_ms", "buffer_s", "queue"),
    [
        pytest.param(250, 500, 0, 4, id="two answers"),
        pytest.param(20, 500, 0, 50, id="50 Hz"),
        pytest.param(300, 500, 0, 4, id="rounded up"),
        pytest.param(1000, 100, 0, 1, id="sampled more slowly than published"),
        pytest.param(250, 500, 30, 120, id="for as long as we may be away"),
        pytest.param(10, 500, 3600, 10_000, id="there is a limit"),
    ],
)
def test_the_queue_holds_what_comes_between_two_answers_twice_or_while_we_are_away(
    sampling_ms, publishing_ms, buffer_s, queue
):
    asked = source(sampling_ms=sampling_ms, buffer_s=buffer_s)
    assert queue_size(asked, publishing_ms) == queue


@pytest.mark.parametrize(("heartbeat_s", "count"), [(2.0, 10), (0.1, 1), (60.0, 300)])
def test_a_source_without_changes_speaks_once_per_heartbeat(heartbeat_s, count):
    assert keep_alive_count(source(publishing_ms=200, heartbeat_s=heartbeat_s)) == count


def test_a_server_that_answers_more_slowly_than_asked_is_waited_for():
    assert Subscription(1, 10_000, 3).silence_limit_s > 90
