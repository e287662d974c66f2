"""How much is read and stored at once: cut by rows and bytes, so that no batch takes long. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from plantstream.runtime.ports import Record
from schemas.telemetry import TelemetryFrame
from sinks.batch import Entry, Event


@dataclass(frozen=True, slots=True)
class Size:
    """What fills a batch, whichever comes first; the record that fills it still belongs to it."""

    rows: int = 10_000
    """Some 50 ms of binary COPY."""
    bytes: int = 4 * 1024 * 1024
    """Of the records' values."""


@dataclass(slots=True)
class Portion:
    """Records that are stored in one step, read and in their order."""

    entries: list[Entry] = field(default_factory=list)
    rows: int = 0
    bytes: int = 0

    def add(self, entry: Entry) -> None:
        """Take one more."""
        self.entries.append(entry)
        self.rows += rows_in(entry)
        self.bytes += len(entry.record.value or b"")

    def fills(self, size: Size) -> bool:
        """Whether it is enough for a batch."""
        return self.rows >= size.rows or self.bytes >= size.bytes


@dataclass(frozen=True, slots=True)
class PollSize:
    """How many records are taken from the reader at once."""

    first: int = 200
    least: int = 50
    most: int = 4_000
    bytes: int = 8 * 1024 * 1024
    """What they should come to, by those of the last poll."""

    def after(self, polled: Sequence[Record]) -> int:
        """How many to ask for next."""
        size = sum(len(record.value or b"") for record in polled)
        wanted = self.bytes * len(polled) // max(size, 1)
        return max(self.least, min(wanted, self.most))


def rows_in(entry: Entry) -> int:
    """Its samples, or one row; a few records of other topics make some more."""
    if isinstance(entry, Event) and isinstance(entry.value, TelemetryFrame):
        return entry.value.sample_count()
    return 1
