"""Traces through the pipeline, as the loops see them; OpenTelemetry is one answer to it.

A record that is traced carries a `traceparent` header (W3C Trace Context). A loop opens one span
for what it does at once: it goes on with one of the traces, and is linked to the others.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from plantstream.runtime.ports import Outgoing

Causes = Sequence[Mapping[str, bytes]]
"""Headers of the records that are worked on."""
Attributes = Mapping[str, str | int]


class Span(Protocol):
    """Something that takes time, while it lasts."""

    def on(self, records: list[Outgoing]) -> list[Outgoing]:
        """These come of it: where they are traced, their trace goes on from here."""


class Tracing(Protocol):
    """Says what is done when, and of which trace it is a part."""

    @property
    def is_on(self) -> bool:
        """Whether anybody hears of it."""

    def publishing(self, records: Sequence[Outgoing]) -> AbstractContextManager[Span]:
        """Events go to the broker for the first time: their envelopes name their traces."""

    def working(
        self, name: str, causes: Causes, attributes: Attributes
    ) -> AbstractContextManager[Span]:
        """Something is made of records, or done with them."""

    async def close(self) -> None:
        """Tell what has not been told yet; a collector that is away is not waited for long."""


class NoSpan:
    """Nobody wants to know: every record keeps its headers."""

    def on(self, records: list[Outgoing]) -> list[Outgoing]:
        """As they are."""
        return records


class NoTracing:
    """Nobody wants to know."""

    is_on = False

    def __init__(self) -> None:
        self._nothing: AbstractContextManager[Span] = nullcontext(NoSpan())

    def publishing(self, records: Sequence[Outgoing]) -> AbstractContextManager[Span]:
        """Nothing is told."""
        del records
        return self._nothing

    def working(
        self, name: str, causes: Causes, attributes: Attributes
    ) -> AbstractContextManager[Span]:
        """Nothing is told."""
        del name, causes, attributes
        return self._nothing

    async def close(self) -> None:
        """Nothing is left to tell."""


NO_TRACING = NoTracing()
