"""What has arrived at the stand-ins: remembered for judges, written down for people."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

FOLDER = "messages"
Form = Literal["txt", "eml", "json"]
_IN_NAMES = re.compile(r"[^A-Za-z0-9@.-]+")


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message, as its recipient has it."""

    at: datetime
    channel: str
    """As the plant file names it; `email` for every mailbox."""
    to: str
    """Address or number; empty where the channel is nobody's own."""
    text: str
    """What can be read in it, links included."""
    file: Path


@dataclass(frozen=True, slots=True)
class Kept:
    """A message as it is written down."""

    form: Form
    content: bytes


class Arrivals:
    """All messages, in the order in which they came."""

    def __init__(self, directory: Path, now: Callable[[], datetime]) -> None:
        self.directory = directory / FOLDER
        self.directory.mkdir(parents=True, exist_ok=True)
        self._now = now
        self._listeners: list[Callable[[Arrival], None]] = []
        self.all: list[Arrival] = []
        self.refused: list[str] = []
        """What was not taken, and why."""

    def listen(self, listener: Callable[[Arrival], None]) -> None:
        """Tell of each message from now on."""
        self._listeners.append(listener)

    def add(self, channel: str, to: str, text: str, kept: Kept) -> Arrival:
        """A message is here: now."""
        at = self._now()
        name = _IN_NAMES.sub("-", f"{len(self.all) + 1:03}-{channel}-{to}".rstrip("-"))
        file = self.directory / f"{name}.{kept.form}"
        arrival = Arrival(at, channel, to, text, file)
        self.all.append(arrival)
        file.write_bytes(kept.content)
        for listener in self._listeners:
            listener(arrival)
        return arrival
