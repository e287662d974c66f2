"""How every client is configured, and what the driver's errors mean to us."""

import asyncio
import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from aiokafka import AIOKafkaProducer, errors
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
_DRIVER_LOGS = ("aiokafka", "aiokafka.cluster")
_NOT_REACHED = "Unable to bootstrap"
_REFUSALS_KEPT = 16
_NOT_ALLOWED = "Topic %s is not authorized"

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
_NOT_KNOWN = (errors.AuthenticationFailedError, errors.SaslAuthenticationFailed)
_SEE_LOGIN = "; see PLANTSTREAM_KAFKA_SASL_USERNAME and PLANTSTREAM_KAFKA_SASL_PASSWORD"


def client_arguments(settings: KafkaSettings) -> dict[str, Any]:
    """Keyword arguments that every aiokafka client takes.

    Raises:
        MisconfiguredError: a user or password is missing, or a certificate or key is none.
    """
    arguments: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap_servers,
        "security_protocol": settings.security_protocol,
        "request_timeout_ms": REQUEST_TIMEOUT_MS,
    }
    if settings.security_protocol.endswith("SSL"):
        arguments["ssl_context"] = _ssl_context(settings)
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


def _ssl_context(settings: KafkaSettings) -> ssl.SSLContext:
    files = {
        "cafile": settings.ssl_ca_file,
        "certfile": settings.ssl_cert_file,
        "keyfile": settings.ssl_key_file,
    }
    try:
        context: ssl.SSLContext = create_ssl_context(
            **{name: _path(file) for name, file in files.items()}
        )
    except (OSError, ValueError) as error:
        named = ", ".join(str(file) for file in files.values() if file)
        raise MisconfiguredError(
            f"certificates and keys for Kafka cannot be used ({error}); each must be a readable "
            f"PEM file: look at {named}, named by PLANTSTREAM_KAFKA_SSL_CA_FILE, _CERT_FILE and "
            "_KEY_FILE"
        ) from error
    return context


@contextmanager
def translated(doing: str, settings: KafkaSettings) -> Iterator[None]:
    """Turn the driver's errors into ours, with what was being done and where."""
    with _refusals() as refusals:
        try:
            yield
        except (errors.KafkaError, OSError) as error:
            cause = refusals.cause_of(error)
            raise translation(cause, doing, settings) from cause


class Startable(Protocol):
    """A consumer or producer of the driver."""

    async def start(self) -> None:
        """Connect it."""

    async def stop(self) -> None:
        """Give up its connections."""


async def start(client: Startable) -> None:
    """Start it; one that does not start leaves no connection behind."""
    try:
        await client.start()
    except BaseException:
        await stop(client)
        raise


async def stop(client: Startable) -> None:
    """Give up its connections.

    Of aiokafka 0.14's consumer `stop` cancels a fetch that rests after a failure, and ends with
    that cancellation before it closes anything: whoever asked would be cut off.
    """
    asking = asyncio.current_task()
    told = 0 if asking is None else asking.cancelling()
    try:
        await client.stop()
    except asyncio.CancelledError:
        await _connections(client).close()  # a second `stop` does nothing
        if asking is not None and asking.cancelling() > told:
            raise


def _connections(client: Any) -> Any:
    """Those of a producer are public, and those of a consumer are not."""
    return client.client if isinstance(client, AIOKafkaProducer) else client._client  # noqa: SLF001


def translation(error: Exception, doing: str, settings: KafkaSettings) -> PlantstreamError:
    """Our error for one of the driver's."""
    where = f"{doing} at Kafka {settings.bootstrap_servers}"
    said = str(error) or type(error).__name__
    if isinstance(error, _FENCED):
        return FencedError(
            f"{where}: another worker has taken over, or the broker gave up our transaction"
        )
    if isinstance(error, _REJECTED):
        return RejectedError(f"{where}: the record is too large for the broker ({said})")
    if (advice := _advice(error, settings)) is not None:
        return MisconfiguredError(f"{where}: {advice}")
    if isinstance(error, _HungUpError):
        said = (
            f"it takes connections and ends them; does it speak {settings.security_protocol}? "
            "See PLANTSTREAM_KAFKA_SECURITY_PROTOCOL"
        )
    return UnavailableError(f"{where}: {said}")


def _advice(error: Exception, settings: KafkaSettings) -> str | None:
    """What a person has to change, or None where waiting may help."""
    if isinstance(error, _MISCONFIGURED):
        signed_in = settings.security_protocol.startswith("SASL")
        who = f" (user {settings.sasl_username})" if signed_in else ""
        return f"refused: {error}{who}" + (_SEE_LOGIN if isinstance(error, _NOT_KNOWN) else "")
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"the broker's certificate is not trusted ({error.verify_message}); "
            "see PLANTSTREAM_KAFKA_SSL_CA_FILE"
        )
    if isinstance(error, errors.UnknownTopicOrPartitionError):
        return "a topic is missing; create them with: plantstream topics apply"
    return None


class _HungUpError(Exception):
    """The broker was reached, and closed the connection without a word."""


class _Refusals(logging.Filter):
    """Why the broker was not reached, or did not answer in time.

    The driver says it in its log only: what it raises has no cause.
    """

    def __init__(self) -> None:
        super().__init__()
        self._seen: list[Exception] = []

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the exceptions that are logged, and let everything pass."""
        arguments = record.args if isinstance(record.args, tuple) else ()
        self._seen += [one for one in arguments if isinstance(one, Exception)]
        if str(record.msg).startswith(_NOT_ALLOWED):
            self._seen.append(errors.TopicAuthorizationFailedError(*arguments))
        del self._seen[:-_REFUSALS_KEPT]
        return True

    def cause_of(self, error: Exception) -> Exception:
        """What a person has to mend, if it is that; else the error itself."""
        bootstrapping = _NOT_REACHED in str(error)
        if not bootstrapping and not isinstance(error, errors.KafkaTimeoutError):
            return error
        for one in self._seen:
            if isinstance(one, (*_MISCONFIGURED, ssl.SSLCertVerificationError)):
                return one
        if bootstrapping and self._seen and isinstance(self._seen[-1], errors.KafkaConnectionError):
            return _HungUpError(str(error))
        return error


@contextmanager
def _refusals() -> Iterator[_Refusals]:
    heard = _Refusals()
    logs = [logging.getLogger(name) for name in _DRIVER_LOGS]
    for log in logs:
        log.addFilter(heard)
    try:
        yield heard
    finally:
        for log in logs:
            log.removeFilter(heard)


def _path(path: object) -> str | None:
    return None if path is None else str(path)
