"""What is remembered of the past, as small rows: compressed, times as differences, names once."""

import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from sys import intern
from typing import Any, TypeVar

from processors.oee.amounts import Amounts
from processors.oee.book import MILLISECOND, Making, Minute, Silence, Startup, Window
from processors.oee.shelf import Packing
from processors.oee.stops import Claim, Judged, Span, StopLog
from schemas.machine import TimeCategory
from schemas.record import EventId

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COMPACT = json.JSONEncoder(separators=(",", ":"))
_CATEGORIES = list(TimeCategory)
_KINDS = ("shift", "batch")

T = TypeVar("T")


class _Writer:
    """Numbers for names, and milliseconds since the beginning of what is written."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self._base = 0

    def start(self, moment: datetime) -> int:
        """The beginning of an item, since the beginning of the one before."""
        before, self._base = self._base, (moment - EPOCH) // MILLISECOND
        return self._base - before

    def name(self, name: str | None) -> int:
        return 0 if name is None else self.names.setdefault(name, len(self.names) + 1)

    def ms(self, moment: datetime | None) -> int | None:
        if moment is None:
            return None
        return (moment - EPOCH) // MILLISECOND - self._base

    def amounts(self, amounts: Mapping[str, int]) -> list[int]:
        return [number for name, n in amounts.items() if n for number in (self.name(name), n)]

    def event(self, event: EventId | None) -> list[int] | None:
        if event is None:
            return None
        return [self.name(event.source), self.name(event.epoch), event.seq]


class _Reader:
    """The same, backwards."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names, self._base = names, 0

    def start(self, ms: int) -> datetime:
        self._base += ms
        return self.instant(0)

    def name(self, number: int) -> str | None:
        return self._names[number - 1] if number else None

    def text(self, number: int) -> str:
        return self._names[number - 1]

    def moment(self, ms: int | None) -> datetime | None:
        return None if ms is None else self.instant(ms)

    def instant(self, ms: int) -> datetime:
        return EPOCH + (self._base + ms) * MILLISECOND

    def amounts(self, numbers: Sequence[int]) -> Amounts:
        pairs = zip(numbers[::2], numbers[1::2], strict=True)
        return {self.text(name): amount for name, amount in pairs}

    def event(self, fields: Sequence[int] | None) -> EventId | None:
        if fields is None:
            return None
        source, epoch, seq = fields
        return EventId(source=self.text(source), epoch=self.text(epoch), seq=seq)


def _packer(fields: Callable[[_Writer, T], list[Any]]) -> Callable[[Iterable[T]], bytes]:
    def pack(items: Iterable[T]) -> bytes:
        writer = _Writer()
        rows = [fields(writer, item) for item in items]
        text = _COMPACT.encode([list(writer.names), rows])
        return zlib.compress(text.encode(), 9)

    return pack


def _unpacker(item: Callable[[_Reader, list[Any]], T]) -> Callable[[bytes], list[T]]:
    def unpack(row: bytes) -> list[T]:
        names, rows = json.loads(zlib.decompress(row))
        reader = _Reader([intern(name) for name in names])
        return [item(reader, fields) for fields in rows]

    return unpack


def _stop_fields(to: _Writer, stop: StopLog) -> list[Any]:
    start = to.start(stop.start)
    spans = []
    for span in stop.spans:
        made = [to.name(span.batch), to.name(span.product)]
        why = [_CATEGORIES.index(span.category), to.name(span.reason)]
        if span.instead is not None:
            known, reason = span.instead
            why += [_CATEGORIES.index(known), to.name(reason)]
        spans.append([to.ms(span.start), *made, *why])
    claims = [
        [
            to.ms(claim.said_at),
            to.event(claim.event),
            to.ms(claim.start),
            to.ms(claim.end),
            to.name(claim.reason),
            None if claim.category is None else _CATEGORIES.index(claim.category),
            to.name(claim.by),
        ]
        for claim in stop.claims
    ]
    moments = [start, to.ms(stop.end), to.ms(stop.planned_at)]
    raw, lasted = _CATEGORIES.index(stop.raw), int(stop.lasted)
    return [*moments, raw, to.name(stop.state), lasted, spans, claims]


def _stop(of: _Reader, fields: list[Any]) -> StopLog:
    start, end, planned, raw, state, lasted, spans, claims = fields
    return StopLog(
        start=of.start(start),
        end=of.moment(end),
        raw=_CATEGORIES[raw],
        state=of.name(state),
        spans=tuple(
            Span(
                of.instant(at),
                of.name(b),
                of.name(p),
                _CATEGORIES[c],
                of.name(r),
                Judged(_CATEGORIES[instead[0]], of.name(instead[1])) if instead else None,
            )
            for at, b, p, c, r, *instead in spans
        ),
        claims=tuple(_claim(of, claim) for claim in claims),
        lasted=bool(lasted),
        planned_at=of.moment(planned),
    )


def _claim(of: _Reader, fields: list[Any]) -> Claim:
    said_at, event, start, end, reason, category, by = fields
    return Claim(
        said_at=of.instant(said_at),
        event=of.event(event) or EventId(source="?", epoch="?", seq=0),
        start=of.moment(start),
        end=of.moment(end),
        reason=of.text(reason),
        category=None if category is None else _CATEGORIES[category],
        by=of.text(by),
    )


def _window_fields(to: _Writer, window: Window) -> list[Any]:
    kind, name = _KINDS.index(window.kind), to.name(window.name)
    span = [to.start(window.start), to.ms(window.end)]
    restated = [window.revision, to.event(window.cause)]
    return [kind, name, *span, *restated, to.amounts(window.amounts)]


def _window(of: _Reader, fields: list[Any]) -> Window:
    kind, name, start, end, revision, cause, amounts = fields
    return Window(
        kind="batch" if kind else "shift",
        name=of.text(name),
        start=of.start(start),
        end=of.instant(end),
        amounts=of.amounts(amounts),
        revision=revision,
        cause=of.event(cause),
    )


def _making_fields(to: _Writer, one: Making) -> list[Any]:
    return [to.start(one.since), to.name(one.batch), to.name(one.product), int(one.ended)]


def _making(of: _Reader, fields: list[Any]) -> Making:
    since, batch, product, ended = fields
    return Making(of.start(since), of.name(batch), of.name(product), bool(ended))


def _minute_fields(to: _Writer, one: Minute) -> list[Any]:
    return [to.start(one.minute), one.busy_ms, to.amounts(one.amounts)]


def _minute(of: _Reader, fields: list[Any]) -> Minute:
    minute, busy_ms, amounts = fields
    return Minute(of.start(minute), busy_ms, of.amounts(amounts))


def _startup_fields(to: _Writer, one: Startup) -> list[Any]:
    return [to.start(one.start), to.ms(one.end)]


def _startup(of: _Reader, fields: list[Any]) -> Startup:
    start, end = fields
    return Startup(of.start(start), of.instant(end))


def _silence_fields(to: _Writer, one: Silence) -> list[Any]:
    return [to.start(one.start), to.ms(one.end)]


def _silence(of: _Reader, fields: list[Any]) -> Silence:
    start, end = fields
    return Silence(of.start(start), of.instant(end))


SILENCES = Packing(_packer(_silence_fields), _unpacker(_silence))
STOPS = Packing(_packer(_stop_fields), _unpacker(_stop))
WINDOWS = Packing(_packer(_window_fields), _unpacker(_window))
MADE = Packing(_packer(_making_fields), _unpacker(_making))
MINUTES = Packing(_packer(_minute_fields), _unpacker(_minute))
STARTUPS = Packing(_packer(_startup_fields), _unpacker(_startup))
