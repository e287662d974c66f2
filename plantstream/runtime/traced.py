"""Whether this process tells of what it does when: OpenTelemetry's own variables say so."""

import os
from collections.abc import Mapping

from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.tracing import NO_TRACING, Tracing

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
OFF = "OTEL_SDK_DISABLED"


def start_tracing(service: str, env: Mapping[str, str] = os.environ) -> Tracing:
    """What OpenTelemetry's own variables ask for; without an endpoint it is not even imported.

    Raises:
        MisconfiguredError: an endpoint is given, and its libraries are not installed.
    """
    wanted = any(env.get(name) for name in ENDPOINTS)
    if not wanted or env.get(OFF, "").lower() == "true":
        return NO_TRACING
    try:
        from plantstream.runtime.otel import OtelTracing  # noqa: PLC0415 - costs nothing when off
    except ImportError as error:
        raise MisconfiguredError(
            f"{ENDPOINTS[0]} is set, but the libraries of traces are missing ({error.name}); "
            "install plantstream[trace], or unset it"
        ) from error
    return OtelTracing(service)
