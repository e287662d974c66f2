"""An OTLP/HTTP collector that keeps the spans it is sent."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from plantstream.embedded.checks import HOST


@dataclass(frozen=True)
class Told:
    """One span."""

    service: str
    name: str
    trace: str
    span: str
    parent: str
    links: tuple[str, ...]
    """Traces that it is linked to."""
    start_ns: int
    end_ns: int


class Collector:
    """Takes spans at `url`, as `OTEL_EXPORTER_OTLP_ENDPOINT` names it."""

    def __init__(self) -> None:
        self._spans: list[Told] = []
        self._lock = threading.Lock()
        self.url = ""

    def trace(self, name: str) -> list[Told]:
        """Its spans by now, the first begun first."""
        with self._lock:
            found = [one for one in self._spans if one.trace == name]
        return sorted(found, key=lambda one: one.start_ns)

    def named(self, name: str) -> list[Told]:
        with self._lock:
            return [one for one in self._spans if one.name == name]

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        with self._lock:
            for of_service in request.resource_spans:
                attributes = of_service.resource.attributes
                (service,) = [
                    one.value.string_value for one in attributes if one.key == "service.name"
                ]
                self._spans += [
                    Told(
                        service,
                        one.name,
                        one.trace_id.hex(),
                        one.span_id.hex(),
                        one.parent_span_id.hex(),
                        tuple(link.trace_id.hex() for link in one.links),
                        one.start_time_unix_nano,
                        one.end_time_unix_nano,
                    )
                    for scope in of_service.scope_spans
                    for one in scope.spans
                ]


@contextmanager
def collecting() -> Iterator[Collector]:
    """Runs until the block ends."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            zipped = self.headers.get("Content-Encoding") == "gzip"
            if self.path == "/v1/traces":
                collector.take(gzip.decompress(body) if zipped else body)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer((HOST, 0), Handler)
    collector.url = f"http://{HOST}:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
