"""What the shell logs: one line per micro-batch, with the events that its outputs go back to."""

from collections import Counter

from plantstream.runtime.causes import carried, events_of
from plantstream.runtime.logs import get_logger
from processors.streams.batch import Outcome
from schemas.topics import ALERT, NOTIFICATION

_NEWS = {ALERT.name: "alerts", NOTIFICATION.name: "notifications"}
"""What somebody may be called for is told as `info`; all else as `debug`."""
_MOST = 10
"""Names that one line tells."""

_log = get_logger(__name__)


def tell(partition: int, records: int, outcome: Outcome) -> None:
    """A micro-batch, or a tick (of 0 records), has written its outputs."""
    topics = Counter(one.topic for one in outcome.outputs)
    news = [one for one in outcome.outputs if one.topic in _NEWS]
    if not news:
        _log.debug(
            "written", engine=outcome.engine, partition=partition, records=records, outputs=topics
        )
        return
    named = {
        name: [one.key.decode() for one in news if one.topic == topic][:_MOST]
        for topic, name in _NEWS.items()
        if topic in topics
    }
    _log.info(
        "written",
        engine=outcome.engine,
        partition=partition,
        records=records,
        events=events_of([carried(one) for one in news]),
        **named,
    )
