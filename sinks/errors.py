"""What a sink refuses for ever, and where those records stood."""

from collections.abc import Mapping

from plantstream.runtime.errors import RejectedError
from plantstream.runtime.ports import TopicPartition

Place = tuple[TopicPartition, int]
"""A partition and an offset in it."""


class RejectedRecordsError(RejectedError):
    """The target will never take these records: bury them, then write the others again."""

    def __init__(self, reasons: Mapping[Place, str]) -> None:
        first, reason = next(iter(reasons.items()))
        super().__init__(f"{len(reasons)} records refused; {first[0]}@{first[1]}: {reason}")
        self.reasons = dict(reasons)
