"""What the supervisor needs to know of a program that it runs: ours or an embedded one."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

Probe = Callable[[], Awaitable[bool]]
"""Asked again and again while a part starts: True once it answers. It never raises."""


@dataclass(frozen=True)
class Port:
    """A port on 127.0.0.1 that a part will listen on, and the option that chooses another."""

    number: int
    option: str


@dataclass(frozen=True)
class Part:
    """A program to keep running; its log is `<data_dir>/logs/<name>.log` unless `log` is set."""

    name: str
    argv: tuple[str, ...]
    ready: Probe
    env: Mapping[str, str] = field(default_factory=dict)
    """Set on top of the supervisor's own environment."""
    cwd: Path | None = None
    log: Path | None = None
    ports: tuple[Port, ...] = ()
    endpoint: str | None = None
    """`host:port` that others connect to; published in `endpoints.json`."""
    ready_s: float = 60.0
    stop_s: float = 10.0
    log_limit_bytes: int = 32 * 1024 * 1024


class Happening(Enum):
    """What can happen to a part."""

    READY = "ready"
    DIED = "died"
    RESTARTING = "restarting"
    GAVE_UP = "gave up"
    STOPPED = "stopped"


@dataclass(frozen=True)
class PartEvent:
    """Something happened to a part; `detail` is a sentence for people."""

    name: str
    happening: Happening
    detail: str = ""
    pid: int | None = None
