"""Records of topics that are read whole: alerts as they stand, and what people said."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plantstream.runtime.settings import KafkaSettings
    from schemas.acts import OperatorRecord
    from schemas.alerts import AlertStatus
    from schemas.topics import Topic


async def records(
    kafka: "KafkaSettings", topic: "Topic", naming: str | None = None
) -> AsyncIterator[Any]:
    """All records that can be read; with `naming` those that have this text somewhere."""
    from plantstream.runtime.kafka.whole import read_partitions
    from schemas.codec import UnreadableError, decode

    text = (naming or "").encode()
    async for record in read_partitions(kafka, topic.name, range(topic.partitions)):
        if record.value is not None and text in record.value:
            try:
                yield decode(topic, record.value)
            except UnreadableError:
                continue


async def statuses(kafka: "KafkaSettings", site: str | None = None) -> "list[AlertStatus]":
    """The newest alert of each fingerprint, live ones only, the most severe and oldest first."""
    from schemas.alerts import SEVERITIES
    from schemas.topics import ALERT_LATEST

    found: dict[str, AlertStatus] = {}
    async for one in records(kafka, ALERT_LATEST):
        if not one.run and site in {None, one.site}:
            found[one.record_id()] = one
    return sorted(
        found.values(),
        key=lambda one: (-SEVERITIES.index(one.alert.severity), one.starts_at, one.fingerprint),
    )


async def acts(kafka: "KafkaSettings", site: str | None = None) -> "list[OperatorRecord]":
    """What people said, in the order in which it arrived."""
    from schemas.topics import OPERATOR

    said = [one async for one in records(kafka, OPERATOR)]
    return [one for one in said if not one.run and site in {None, one.site}]
