"""A frame as its JSON says, taken apart into samples. Plain Python, for any venv."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

SOURCE = "plant.telemetry.v1"


def instants(frame: dict[str, Any]) -> Iterator[tuple[str, int, float]]:
    """Tag, time in ms since 1970, and value of each sample."""
    base = round(datetime.fromisoformat(frame["source_time"]).timestamp() * 1000)
    for column in frame["columns"]:
        tag = column["tag"]
        for offset, number in zip(column["offset_ms"], column["numbers"], strict=True):
            yield tag, base + offset, number
