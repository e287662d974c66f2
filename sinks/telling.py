"""What a sink says of a batch: to its log, and to the traces of the records in it."""

from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager

from plantstream.runtime.causes import carried, events_of
from plantstream.runtime.logs import get_logger
from plantstream.runtime.ports import Record
from plantstream.runtime.tracing import Span, Tracing
from schemas.topics import ALERT, DELIVERY, NOTIFICATION
from sinks.sink import Written

_NEWS = frozenset({ALERT.name, NOTIFICATION.name, DELIVERY.name})
"""What somebody was called for is told as `info`; all else as `debug`."""
_log = get_logger(__name__)


def storing(tracing: Tracing, records: Sequence[Record]) -> AbstractContextManager[Span]:
    """These become rows."""
    causes = [carried(record) for record in records] if tracing.is_on else ()
    return tracing.working("store rows", causes, {"messaging.batch.message_count": len(records)})


def tell(records: Sequence[Record], written: Written) -> None:
    """These are rows now."""
    news = [record for record in records if record.topic in _NEWS]
    if news:
        _log.info(
            "stored",
            records=len(records),
            topics=Counter(record.topic for record in news),
            events=events_of([carried(record) for record in news]),
        )
    else:
        _log.debug("stored", records=len(records), rows=dict(written.rows))
