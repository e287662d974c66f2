"""What Prometheus is told of every HTTP interface of ours: how many requests, and how long."""

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plantstream.runtime import clock

LABELS = ("service", "route", "method", "code")
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
UNMATCHED = "unmatched"
"""The route of what no route matches: paths that clients make up must not become labels."""
OTHER = "other"
"""Any method that HTTP does not have."""
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}


class HttpMetrics:
    """The metrics of all HTTP interfaces of one process, in one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "plantstream_http_requests_total", "Requests answered.", LABELS, registry=registry
        )
        self._duration = Histogram(
            "plantstream_http_request_duration_seconds",
            "From a request's head to the end of its answer.",
            LABELS,
            registry=registry,
            buckets=BUCKETS_S,
        )

    def measured(self, app: ASGIApp, service: str) -> ASGIApp:
        """This application of Starlette or FastAPI; its requests are counted under `service`."""

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


def _route(scope: Scope) -> str:
    """The template that matched, such as /v1/batches/{batch}."""
    return str(getattr(scope.get("route"), "path", UNMATCHED))


def _method(scope: Scope) -> str:
    method = str(scope["method"])
    return method if method in _METHODS else OTHER
