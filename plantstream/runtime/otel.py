"""Traces told to an OTLP collector, set up by OpenTelemetry's own environment variables.

The trace of an event is named by its envelope, where the edge has put it: every service, and every
restart, samples it alike. Spans are gathered and sent by a thread; what it cannot send is dropped.
"""

import asyncio
import os
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import (
    INVALID_SPAN,
    Link,
    NonRecordingSpan,
    Span as OtelSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from plantstream.runtime import clock
from plantstream.runtime.causes import EVENT, TRACEPARENT
from plantstream.runtime.ports import Outgoing
from plantstream.runtime.tracing import Attributes, Causes, NoSpan, Span

MOST_LINKS = 128
BEGUN_KEPT = 4096
"""Traces whose first span is remembered: further records of the same chunk join it."""
CLOSE_WITHIN_S = 2.0
HEAD_BYTES = 1000
"""Where an envelope stands in a record."""
_ENVELOPE = re.compile(
    rb'"traceparent":"(00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2})".*?"ingest_time":"([^"]+)"'
)
_NOTHING: AbstractContextManager[Span] = nullcontext(NoSpan())


class _Ids(RandomIdGenerator):
    """Random ids, but for a span whose ids are known beforehand."""

    def __init__(self) -> None:
        self.known: SpanContext | None = None

    def generate_trace_id(self) -> int:
        """Of a span without a parent."""
        return super().generate_trace_id() if self.known is None else self.known.trace_id

    def generate_span_id(self) -> int:
        """Of any span."""
        return super().generate_span_id() if self.known is None else self.known.span_id


class OtelTracing:
    """Spans of one service."""

    is_on = True

    def __init__(self, service: str, exporter: SpanExporter | None = None) -> None:
        named = {} if os.environ.get("OTEL_SERVICE_NAME") else {SERVICE_NAME: service}
        self._ids = _Ids()
        self._provider = TracerProvider(
            resource=Resource.create(named), id_generator=self._ids, shutdown_on_exit=False
        )
        processor = BatchSpanProcessor(exporter or OTLPSpanExporter())
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("plantstream")
        self._begun: OrderedDict[bytes, SpanContext] = OrderedDict()

    @contextmanager
    def publishing(self, records: Sequence[Outgoing]) -> Iterator[Span]:
        """One span per trace that these events name, from when the edge saw them on."""
        found: dict[bytes, list[Outgoing]] = {}
        seen_at: dict[bytes, bytes] = {}
        for record in records:
            envelope = _ENVELOPE.search(record.value or b"", 0, HEAD_BYTES)
            if envelope is not None:
                found.setdefault(envelope[1], []).append(record)
                seen_at.setdefault(envelope[1], envelope[2])
        spans = {
            name: self._publish(name, of_trace, seen_at[name]) for name, of_trace in found.items()
        }
        ours = {id(one): spans[name] for name, of_trace in found.items() for one in of_trace}
        with _ended(list(spans.values())):
            yield _Published(ours)

    def working(
        self, name: str, causes: Causes, attributes: Attributes
    ) -> AbstractContextManager[Span]:
        """One span that goes on with the newest trace among the causes, linked to the others."""
        found = {one[TRACEPARENT]: None for one in causes if TRACEPARENT in one}
        contexts = [context for one in found if (context := _parsed(one)) is not None]
        if not contexts:
            return _NOTHING
        *others, parent = contexts
        span = self._tracer.start_span(
            name,
            context=_below(parent),
            kind=SpanKind.CONSUMER,
            attributes={**attributes, **_event(causes)},
            links=[Link(one) for one in others[-MOST_LINKS:]],
        )
        return _working(span)

    async def close(self) -> None:
        """Send what was gathered."""
        loop, closed = asyncio.get_running_loop(), asyncio.Event()

        def close() -> None:
            self._provider.shutdown()
            loop.call_soon_threadsafe(closed.set)

        threading.Thread(target=close, name="closing traces", daemon=True).start()
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await closed.wait()
        except TimeoutError:
            return

    def _publish(self, name: bytes, records: Sequence[Outgoing], seen_at: bytes) -> OtelSpan:
        begun, known = self._begun.get(name), _parsed(name)
        if begun is None and not self._wants(known):
            return INVALID_SPAN
        title = f"publish {', '.join(sorted({one.topic for one in records}))}"
        attributes: dict[str, str | int] = {
            "messaging.system": "kafka",
            "messaging.batch.message_count": len(records),
            "plantstream.keys": ", ".join(sorted({one.key.decode() for one in records})),
        }
        if begun is not None:
            return self._tracer.start_span(title, _below(begun), SpanKind.PRODUCER, attributes)
        self._ids.known = known
        try:
            span = self._tracer.start_span(
                title, Context(), SpanKind.PRODUCER, attributes, start_time=_start_ns(seen_at)
            )
        finally:
            self._ids.known = None
        self._begun[name] = span.get_span_context()
        if len(self._begun) > BEGUN_KEPT:
            self._begun.popitem(last=False)
        return span

    def _wants(self, known: SpanContext | None) -> bool:
        """Whether this trace is sampled; asked first, because most of them may not be."""
        if known is None:
            return False
        sampler = self._provider.sampler
        found = sampler.should_sample(None, known.trace_id, "publish")
        return found.decision is not Decision.DROP


class _Published:
    def __init__(self, spans: Mapping[int, OtelSpan]) -> None:
        self._spans = spans

    def on(self, records: list[Outgoing]) -> list[Outgoing]:
        """Each with its trace, where that is sampled."""
        return [
            _with_trace(one, span.get_span_context())
            if (span := self._spans.get(id(one))) is not None and span.is_recording()
            else one
            for one in records
        ]


class _Worked:
    def __init__(self, span: OtelSpan) -> None:
        self._context = span.get_span_context()
        self._trace = b"%032x" % self._context.trace_id

    def on(self, records: list[Outgoing]) -> list[Outgoing]:
        """What belongs to the span's trace goes on from it; the rest keeps the trace it has."""
        return [
            _with_trace(one, self._context)
            if one.headers.get(TRACEPARENT, b"")[3:35] == self._trace
            else one
            for one in records
        ]


@contextmanager
def _working(span: OtelSpan) -> Iterator[Span]:
    with _ended([span]):
        yield _Worked(span)


@contextmanager
def _ended(spans: Sequence[OtelSpan]) -> Iterator[None]:
    """End them all with the block, and say so if it failed."""
    try:
        yield
    except BaseException as error:
        for span in spans:
            span.set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {error}"))
        raise
    finally:
        for span in spans:
            span.end()


def _with_trace(record: Outgoing, context: SpanContext) -> Outgoing:
    told = b"00-%032x-%016x-01" % (context.trace_id, context.span_id)
    return replace(record, headers={**record.headers, TRACEPARENT: told})


def _below(parent: SpanContext) -> Context:
    return set_span_in_context(NonRecordingSpan(parent), Context())


def _event(causes: Causes) -> dict[str, str]:
    newest = next((one[EVENT] for one in reversed(causes) if EVENT in one), None)
    return {} if newest is None else {"plantstream.event": newest.decode()}


def _parsed(traceparent: bytes) -> SpanContext | None:
    """The span that a header names; None where it is none."""
    try:
        _, trace, span, flags = traceparent.split(b"-")
        return SpanContext(
            int(trace, 16), int(span, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16))
        )
    except ValueError:
        return None


def _start_ns(seen_at: bytes) -> int:
    """When the edge saw it, by the system's clock; ours may be another one."""
    now_ns = time.time_ns()
    try:
        seen = datetime.fromisoformat(seen_at.decode())
    except ValueError:
        return now_ns
    age_s = (clock.now() - seen.astimezone(UTC)).total_seconds()
    return now_ns - max(int(age_s * 1e9), 0)
