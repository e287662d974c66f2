"""What a topic is: what it carries, how it is partitioned, keyed and kept, and whose it is."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel

PARTITIONS = 12
"""Of every topic that is not a site's. A count never changes: growing is a new topic version."""

Profile = Literal["embedded", "production"]
REPLICATION: dict[Profile, int] = {"embedded": 1, "production": 3}
MIN_INSYNC: dict[Profile, int] = {"embedded": 1, "production": 2}


class Role(StrEnum):
    """A principal of Kafka; each has the rights that its service needs and no others."""

    EDGE = "edge"
    PROCESSOR = "processor"
    SINK = "sink"
    NOTIFIER = "notifier"
    EXPORTER = "exporter"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Topic:
    """One entry of the catalogue."""

    name: str
    about: str
    types: tuple[type[BaseModel], ...]
    partition_by: str
    record_key: str
    writers: frozenset[Role]
    readers: frozenset[Role]
    retention: timedelta | None = None
    """None keeps the newest record of every key for ever."""
    partitions: int = PARTITIONS
    compacted: bool = False
    """Whether within its retention only the newest record of every key is kept."""

    def configuration(self, profile: Profile) -> dict[str, str]:
        """The broker's settings for this topic.

        Records bear the broker's time: retention by the source's would eat replays of old days.
        """
        common = {
            "min.insync.replicas": str(MIN_INSYNC[profile]),
            "message.timestamp.type": "LogAppendTime",
        }
        if self.retention is None:
            return common | {"cleanup.policy": "compact"}
        kept_ms = int(self.retention / timedelta(milliseconds=1))
        policy = "compact,delete" if self.compacted else "delete"
        return common | {"cleanup.policy": policy, "retention.ms": str(kept_ms)}
