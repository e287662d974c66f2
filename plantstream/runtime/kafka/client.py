"""How every client is configured, and what the driver's errors mean to us."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiokafka import errors
from aiokafka.helpers import create_ssl_context

from plantstream.runtime.errors import (
    FencedError,
    MisconfiguredError,
    PlantstreamError,
    RejectedError,
    UnavailableError,
)
from plantstream.runtime.settings import KafkaSettings

REQUEST_TIMEOUT_MS = 15_000

_FENCED = (errors.ProducerFenced, errors.InvalidProducerEpoch)
_REJECTED = (
    errors.MessageSizeTooLargeError,
    errors.RecordTooLargeError,
    errors.RecordListTooLargeError,
)
_MISCONFIGURED = (
    errors.TopicAuthorizationFailedError,
    errors.GroupAuthorizationFailedError,
    errors.ClusterAuthorizationFailedError,
    errors.TransactionalIdAuthorizationFailed,
    errors.AuthenticationFailedError,
    errors.AuthenticationMethodNotSupported,
    errors.SaslAuthenticationFailed,
    errors.UnsupportedSaslMechanismError,
    errors.KafkaConfigurationError,
    errors.InvalidTransactionTimeout,
)


def client_arguments(settings: KafkaSettings) -> dict[str, Any]:
    """Keyword arguments that every aiokafka client takes."""
    arguments: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap_servers,
        "security_protocol": settings.security_protocol,
        "request_timeout_ms": REQUEST_TIMEOUT_MS,
    }
    if settings.security_protocol.endswith("SSL"):
        arguments["ssl_context"] = create_ssl_context(
            cafile=_path(settings.ssl_ca_file),
            certfile=_path(settings.ssl_cert_file),
            keyfile=_path(settings.ssl_key_file),
        )
    if settings.security_protocol.startswith("SASL"):
        if settings.sasl_username is None or settings.sasl_password is None:
            raise MisconfiguredError(
                "Kafka wants SASL, but no user is given; set PLANTSTREAM_KAFKA_SASL_USERNAME and "
                "PLANTSTREAM_KAFKA_SASL_PASSWORD"
            )
        arguments["sasl_mechanism"] = settings.sasl_mechanism
        arguments["sasl_plain_username"] = settings.sasl_username
        arguments["sasl_plain_password"] = settings.sasl_password.get_secret_value()
    return arguments


@contextmanager
def translated(doing: str, settings: KafkaSettings) -> Iterator[None]:
    """Turn the driver's errors into ours, with what was being done and where."""
    try:
        yield
    except (errors.KafkaError, OSError) as error:
        raise translation(error, doing, settings) from error


def translation(error: Exception, doing: str, settings: KafkaSettings) -> PlantstreamError:
    """Our error for one of the driver's."""
    where = f"{doing} at Kafka {settings.bootstrap_servers}"
    said = str(error) or type(error).__name__
    if isinstance(error, _FENCED):
        return FencedError(f"{where}: another worker has taken over this partition")
    if isinstance(error, _REJECTED):
        return RejectedError(f"{where}: the record is too large for the broker ({said})")
    if isinstance(error, _MISCONFIGURED):
        return MisconfiguredError(f"{where}: refused: {said}")
    if isinstance(error, errors.UnknownTopicOrPartitionError):
        return MisconfiguredError(
            f"{where}: a topic is missing; create them with: plantstream topics apply"
        )
    return UnavailableError(f"{where}: {said}")


def _path(path: object) -> str | None:
    return None if path is None else str(path)
