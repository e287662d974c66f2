"""Results are compared, row by row and field by field, before the time that they took counts."""

import json
from collections.abc import Mapping

from plantstream.runtime.errors import PlantstreamError
from plantstream.runtime.kafka.whole import read_partitions
from plantstream.runtime.settings import KafkaSettings
from schemas.topic import PARTITIONS
from tests.bench.peers.windowed import Row


async def told_rows(kafka: KafkaSettings, topic: str) -> dict[str, Row]:
    """What a topic of results says, committed and by key; of a key the newest counts."""
    return {
        (record.key or b"").decode(): json.loads(record.value or b"null")
        async for record in read_partitions(kafka, topic, range(PARTITIONS))
    }


def must_agree(who: str, told: Mapping[str, Row], truth: Mapping[str, Row]) -> None:
    """Refuse a result that lacks a row or differs in a field.

    What else was told is of minutes that are not over in what was read: some tell them at the end.

    Raises:
        PlantstreamError: it says where; or there is nothing to compare.
    """
    if not truth:
        raise PlantstreamError(f"{who}: too little was read, no minute is over")
    for key, expected in truth.items():
        found = told.get(key)
        if found is None:
            raise PlantstreamError(f"{who}: the row {key} is missing")
        for name, value in expected.items():
            if found.get(name) != value:
                raise PlantstreamError(
                    f"{who}: {name} of {key} is {found.get(name)}, and {value} is true"
                )
