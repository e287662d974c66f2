"""What Prometheus is told of every HTTP interface of ours: how many requests, and how long."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plantstream.runtime import clock

LABELS = ("service", "route", "method", "code")
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
UNMATCHED = "unmatched"
"""The route of what no route matches: paths that clients make up must not become labels."""
OTHER = "other"
"""Any method that HTTP does not have."""
FAILURES = ("401", "403", "500", "503")
"""What rules look for: told as 0 of every route beforehand, because `increase()` does not see the
first of a counter that is born at 1."""
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}


class HttpMetrics:
    """The metrics of all HTTP interfaces of one process, in one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "http_requests_total", "Requests answered.", LABELS, registry=registry
        )
        self._duration = Histogram(
            "http_request_duration_seconds",
            "From a request's head to the end of its answer.",
            LABELS,
            registry=registry,
            buckets=BUCKETS_S,
        )

    def measured(self, app: ASGIApp, service: str) -> ASGIApp:
        """This application of Starlette or FastAPI; its requests are counted under `service`."""
        for labels in _beforehand(app, service):
            self._requests.labels(*labels)

        async def counting(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            code = 500  # What a server answers if the application fails before it does.

            async def noting(message: Message) -> None:
                nonlocal code
                if message["type"] == "http.response.start":
                    code = message["status"]
                await send(message)

            start = clock.monotonic()
            try:
                await app(scope, receive, noting)
            finally:
                labels = (service, _route(scope), _method(scope), str(code))
                self._requests.labels(*labels).inc()
                self._duration.labels(*labels).observe(clock.monotonic() - start)

        return counting


def _beforehand(app: ASGIApp, service: str) -> Iterator[tuple[str, str, str, str]]:
    """The label sets of what may fail."""
    for route in getattr(app, "routes", ()):
        for method in sorted(getattr(route, "methods", None) or ()):
            for code in FAILURES:
                yield service, route.path, method, code


def _route(scope: Scope) -> str:
    """The template that matched, such as /v1/batches/{batch}."""
    return str(getattr(scope.get("route"), "path", UNMATCHED))


def _method(scope: Scope) -> str:
    method = str(scope["method"])
    return method if method in _METHODS else OTHER
