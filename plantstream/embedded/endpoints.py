"""`endpoints.json`: where a running `plantstream up` can be reached, for the other commands."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from plantstream.embedded import lock

FILE_NAME = "endpoints.json"
KAFKA = "kafka"
TIMESCALE = "timescale"


@dataclass(frozen=True)
class PartEndpoint:
    """One running part: its process, and `host:port` where it has one."""

    pid: int
    endpoint: str | None


@dataclass(frozen=True)
class Endpoints:
    """What runs in one data directory."""

    pid: int
    started_at: datetime
    parts: Mapping[str, PartEndpoint]

    @property
    def kafka(self) -> str | None:
        """Bootstrap server of the embedded Kafka."""
        part = self.parts.get(KAFKA)
        return part.endpoint if part else None

    @property
    def database(self) -> tuple[str, int] | None:
        """Host and port of the embedded TimescaleDB."""
        part = self.parts.get(TIMESCALE)
        if part is None or part.endpoint is None:
            return None
        host, _, port = part.endpoint.rpartition(":")
        return host, int(port)


def write_endpoints(data_dir: Path, endpoints: Endpoints) -> None:
    """Replace the file at once: a reader sees the old one or the new one."""
    path = data_dir / FILE_NAME
    fresh = path.with_name(FILE_NAME + ".new")
    document = asdict(endpoints) | {"started_at": endpoints.started_at.isoformat()}
    fresh.write_text(json.dumps(document, indent=2) + "\n")
    fresh.replace(path)


def remove_endpoints(data_dir: Path) -> None:
    """Nothing runs here any more."""
    (data_dir / FILE_NAME).unlink(missing_ok=True)


def read_endpoints(data_dir: Path) -> Endpoints | None:
    """What runs here now, or None: nothing was started, or its supervisor is dead."""
    if lock.holder(data_dir) is None:
        return None
    try:
        return _parse(json.loads((data_dir / FILE_NAME).read_text()))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _parse(document: dict[str, Any]) -> Endpoints:
    return Endpoints(
        pid=document["pid"],
        started_at=datetime.fromisoformat(document["started_at"]),
        parts={name: PartEndpoint(**part) for name, part in document["parts"].items()},
    )
