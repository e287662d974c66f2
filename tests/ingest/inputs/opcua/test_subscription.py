"""What is asked of a server follows from the plant file."""

import pytest

from ingest.inputs.opcua.subscription import keep_alive_count, queue_size, silence_limit_s
from schemas.plant.sources import OpcUaSource, Security


def source(**fields):
    open_to_all = Security(policy="None", mode="None")
    return OpcUaSource(type="opcua", endpoint="opc.tcp://x", security=open_to_all, **fields)


@pytest.mark.parametrize(
    ("sampling_ms", "publishing_ms", "queue"),
    [
        pytest.param(250, 500, 4, id="the defaults"),
        pytest.param(20, 500, 50, id="50 Hz"),
        pytest.param(300, 500, 4, id="rounded up"),
        pytest.param(1000, 100, 1, id="sampled more slowly than published"),
    ],
)
def test_the_queue_holds_twice_what_comes_between_two_answers(sampling_ms, publishing_ms, queue):
    assert queue_size(source(sampling_ms=sampling_ms, publishing_ms=publishing_ms)) == queue


@pytest.mark.parametrize(("heartbeat_s", "count"), [(2.0, 10), (0.1, 1), (60.0, 300)])
def test_a_source_without_changes_speaks_once_per_heartbeat(heartbeat_s, count):
    asked = source(publishing_ms=200, heartbeat_s=heartbeat_s)
    assert keep_alive_count(asked) == count
    assert silence_limit_s(asked) > 3 * heartbeat_s
