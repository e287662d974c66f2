"""The samples of one poll of a unit."""

from collections.abc import Iterable
from datetime import datetime
from itertools import repeat

from ingest.input import Sample
from ingest.inputs.modbus.decode import Decoder


class Harvest:
    """Answers in the order in which they came; one is decoded while the next is on its way."""

    def __init__(self) -> None:
        self._samples: list[Sample] = []
        self._raw: list[tuple[Decoder, bytes, datetime]] = []

    def answer(self, decoder: Decoder, payload: bytes, at: datetime) -> None:
        """A block was answered; it need not be decoded at once."""
        self._raw.append((decoder, payload, at))

    def add(self, samples: Iterable[Sample]) -> None:
        """Samples that are no block of values."""
        self.decode()
        self._samples += samples

    def decode(self) -> None:
        """Make samples of the answers so far."""
        while self._raw:
            decoder, payload, at = self._raw[0]
            values = decoder.values(payload)
            self._samples += map(Sample, decoder.equipment, decoder.tags, values, repeat(at))
            del self._raw[0]

    def samples(self) -> list[Sample]:
        """All of them."""
        self.decode()
        return self._samples
