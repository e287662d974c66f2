"""Traces: whose they are, what is sampled, and what they cost."""

import subprocess
import sys
import time

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from plantstream.runtime import traced
from plantstream.runtime.causes import EVENT, TRACEPARENT
from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.otel import OtelTracing
from plantstream.runtime.ports import Outgoing
from plantstream.runtime.tracing import NO_TRACING, Tracing

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
OTHER = "1" * 32
RECORDS, TURNS = 400, 5


def frame(trace: str = TRACE, key: bytes = b"reactor") -> Outgoing:
    """An event as the edge writes it."""
    value = (
        '{"version":1,"id":{"source":"acme/north/edge","epoch":"e","seq":7},"run":"",'
        f'"plant_version":"v","traceparent":"00-{trace}-{SPAN}-01",'
        '"source_time":"2026-11-22T05:00:00Z","ingest_time":"2026-11-22T05:00:00.100Z",'
        '"equipment":"acme/north/hall/one/reactor","columns":[' + '{"tag":"t"},' * 20 + "{}]}"
    )
    return Outgoing("plant.telemetry.v1", 0, key, value.encode())


def header(trace: str, span: str = SPAN) -> dict[str, bytes]:
    return {TRACEPARENT: f"00-{trace}-{span}-01".encode(), EVENT: f"edge/{trace[:4]}".encode()}


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracing(exporter: InMemorySpanExporter) -> OtelTracing:
    return OtelTracing("test", exporter)


async def test_the_first_span_is_the_one_that_the_envelope_names(tracing, exporter):
    with tracing.publishing([frame()]):
        pass
    await tracing.close()

    (told,) = exporter.get_finished_spans()
    assert f"{told.context.trace_id:032x}" == TRACE
    assert f"{told.context.span_id:016x}" == SPAN
    assert told.parent is None


async def test_what_is_sent_carries_its_trace_and_what_has_none_is_left_as_it_is(tracing):
    records = [frame(), Outgoing("plant.model.v1", 0, b"k", b"{}"), frame(OTHER)]

    with tracing.publishing(records) as span:
        first, plain, other = span.on(records)
    await tracing.close()

    assert first.headers == {TRACEPARENT: f"00-{TRACE}-{SPAN}-01".encode()}
    assert plain is records[1]
    assert other.headers[TRACEPARENT].startswith(f"00-{OTHER}-".encode())


async def test_a_later_batch_of_the_same_chunk_joins_its_trace(tracing, exporter):
    for key in (b"a", b"b"):
        with tracing.publishing([frame(key=key)]):
            pass
    await tracing.close()

    first, second = exporter.get_finished_spans()
    assert second.context.trace_id == first.context.trace_id
    assert second.parent.span_id == first.context.span_id != second.context.span_id


@pytest.mark.parametrize(("ratio", "spans"), [("0", 0), ("1", 1)])
async def test_who_is_sampled_is_said_by_the_standard_variables(
    ratio, spans, exporter, monkeypatch
):
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", ratio)
    tracing = OtelTracing("test", exporter)

    record = frame()
    with tracing.publishing([record]) as span:
        (sent,) = span.on([record])
    await tracing.close()

    assert len(exporter.get_finished_spans()) == spans
    assert (TRACEPARENT in sent.headers) is bool(spans)


async def test_a_batch_goes_on_with_the_newest_trace_and_is_linked_to_the_others(tracing, exporter):
    causes = [header(OTHER), {}, header(TRACE)]
    ours = Outgoing("plant.alert.v1", 0, b"a", b"{}", header(TRACE))
    others = Outgoing("plant.alert.v1", 0, b"b", b"{}", header(OTHER))

    with tracing.working("process rules", causes, {}) as span:
        on_ours, on_others = span.on([ours, others])
    await tracing.close()

    (told,) = exporter.get_finished_spans()
    assert f"{told.context.trace_id:032x}" == TRACE
    assert f"{told.parent.span_id:016x}" == SPAN
    assert [f"{link.context.trace_id:032x}" for link in told.links] == [OTHER]
    assert told.attributes["plantstream.event"] == f"edge/{TRACE[:4]}"
    assert on_ours.headers[TRACEPARENT] == f"00-{TRACE}-{told.context.span_id:016x}-01".encode()
    assert on_ours.headers[EVENT] == ours.headers[EVENT]
    assert on_others is others


async def test_what_fails_says_so(tracing, exporter):
    with pytest.raises(OSError, match="gone"), tracing.working("x", [header(TRACE)], {}):
        raise OSError("gone")
    await tracing.close()

    (told,) = exporter.get_finished_spans()
    assert not told.status.is_ok
    assert told.status.description == "OSError: gone"


@pytest.mark.parametrize("bad", [b"", b"00-x-y-01", b"00-12", b"\xff"])
async def test_a_header_that_is_none_is_no_trace(bad, tracing, exporter):
    with tracing.working("x", [{TRACEPARENT: bad}], {}):
        pass
    await tracing.close()

    assert not exporter.get_finished_spans()


@pytest.mark.parametrize(
    "env",
    [
        pytest.param({}, id="nothing said"),
        pytest.param({traced.ENDPOINTS[0]: ""}, id="nothing meant"),
        pytest.param({traced.ENDPOINTS[0]: "http://x", traced.OFF: "true"}, id="switched off"),
    ],
)
def test_nobody_is_told_unless_an_endpoint_is_given(env):
    assert traced.start_tracing("test", env) is NO_TRACING


def test_without_the_libraries_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "plantstream.runtime.otel", None)

    with pytest.raises(MisconfiguredError, match=r"install plantstream\[trace\]"):
        traced.start_tracing("test", {traced.ENDPOINTS[0]: "http://127.0.0.1:4318"})


def test_switched_off_nothing_of_it_is_imported():
    asked = (
        "import sys, plantstream.runtime.service, processors.streams.shell, sinks.service\n"
        "raise SystemExit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0


async def test_what_it_costs_per_record(tracing, say, exporter, monkeypatch):
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0")
    none = OtelTracing("test", exporter)

    found = {
        "off": cost_us(NO_TRACING),
        "on, not sampled": cost_us(none),
        "on, each traced": cost_us(tracing),
    }
    await none.close()
    await tracing.close()

    told = "; ".join(f"{name}: {us:.2f} µs" for name, us in found.items())
    say(f"traces, per record from publisher to span: {told}")
    assert found["off"] < 5
    assert found["on, each traced"] < 500


def cost_us(tracing: Tracing) -> float:
    """Of one record in batches of one, each of a trace of its own; the best of some tries."""
    return min(_took_us(tracing, turn) for turn in range(TURNS))


def _took_us(tracing: Tracing, turn: int) -> float:
    first = turn * RECORDS + 1
    records = [frame(f"{first + number:032x}") for number in range(RECORDS)]
    began = time.perf_counter()
    for record in records:
        with tracing.publishing([record]) as span:
            span.on([record])
    return (time.perf_counter() - began) / RECORDS * 1e6
