"""How every client is configured, and what the driver's errors mean to us."""

import logging
import ssl
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
_DRIVER_LOG = "aiokafka"
_NOT_REACHED = "Unable to bootstrap"

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
    log, refusals = logging.getLogger(_DRIVER_LOG), _Refusals()
    log.addFilter(refusals)
    try:
        yield
    except (errors.KafkaError, OSError) as error:
        cause = refusals.cause_of(error)
        raise translation(cause, doing, settings) from cause
    finally:
        log.removeFilter(refusals)


def translation(error: Exception, doing: str, settings: KafkaSettings) -> PlantstreamError:
    """Our error for one of the driver's."""
    where = f"{doing} at Kafka {settings.bootstrap_servers}"
    said = str(error) or type(error).__name__
    if isinstance(error, _FENCED):
        return FencedError(f"{where}: another worker has taken over this partition")
    if isinstance(error, _REJECTED):
        return RejectedError(f"{where}: the record is too large for the broker ({said})")
    if isinstance(error, _MISCONFIGURED):
        return MisconfiguredError(f"{where}: refused: {said}{_as_whom(settings)}")
    if isinstance(error, ssl.SSLCertVerificationError):
        return MisconfiguredError(
            f"{where}: the broker's certificate is not trusted ({error.verify_message}); "
            "see PLANTSTREAM_KAFKA_SSL_CA_FILE"
        )
    if isinstance(error, errors.UnknownTopicOrPartitionError):
        return MisconfiguredError(
            f"{where}: a topic is missing; create them with: plantstream topics apply"
        )
    if isinstance(error, _HungUpError):
        return UnavailableError(
            f"{where}: it takes connections and ends them; does it speak "
            f"{settings.security_protocol}? See PLANTSTREAM_KAFKA_SECURITY_PROTOCOL"
        )
    return UnavailableError(f"{where}: {said}")


class _HungUpError(Exception):
    """The broker was reached, and closed the connection without a word."""


class _Refusals(logging.Filter):
    """Why no connection came about: the driver says it in its log only, and raises no cause."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: list[Exception] = []

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the exceptions that are logged, and let everything pass."""
        if isinstance(record.args, tuple):
            self._seen += [one for one in record.args if isinstance(one, Exception)]
        return True

    def cause_of(self, error: Exception) -> Exception:
        """What a person has to mend, if that is why the broker was not reached."""
        if _NOT_REACHED not in str(error):
            return error
        for one in self._seen:
            if isinstance(one, (*_MISCONFIGURED, ssl.SSLCertVerificationError)):
                return one
        if self._seen and not isinstance(self._seen[-1], OSError):
            return _HungUpError(str(error))
        return error


def _as_whom(settings: KafkaSettings) -> str:
    user = settings.sasl_username
    return f" (user {user})" if user and settings.security_protocol.startswith("SASL") else ""


def _path(path: object) -> str | None:
    return None if path is None else str(path)
