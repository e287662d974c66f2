"""TLS: the broker's certificate and name are always verified, and ours is shown where asked."""

import ssl
from pathlib import Path
from typing import Any

from plantstream.runtime.errors import MisconfiguredError
from schemas.plant.sources import MqttSource


class Tls(ssl.SSLContext):
    """A context that closes the socket of a failed handshake, which paho leaves open."""

    _wrapped: ssl.SSLSocket | None = None

    def wrap_socket(self, *given: Any, **named: Any) -> ssl.SSLSocket:
        """As the standard library does it."""
        self._wrapped = super().wrap_socket(*given, **named)
        return self._wrapped

    def close(self) -> None:
        """The last connection is over."""
        if self._wrapped is not None:
            self._wrapped.close()
            self._wrapped = None


def tls_of(source: MqttSource) -> Tls | None:
    """The files that the plant file names, read; None for a connection without TLS.

    Raises:
        MisconfiguredError: a file is missing or is not what it should be.
    """
    if not source.secure:
        return None
    return _with_own_certificate(_trusting(source.ca), source)


def _trusting(ca: str | None) -> Tls:
    context = Tls(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if ca is None:
            context.load_default_certs()
        else:
            context.load_verify_locations(_file(ca))
    except (OSError, ssl.SSLError) as error:
        raise MisconfiguredError(
            f"cannot read the certificate authority {ca} ({error}): put it there (PEM) or correct "
            "ca in the plant file"
        ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _with_own_certificate(context: Tls, source: MqttSource) -> Tls:
    if source.certificate is None or source.private_key is None:
        return context
    # A key behind a password would ask for it on the terminal of a service.
    try:
        context.load_cert_chain(
            _file(source.certificate), _file(source.private_key), password=lambda: ""
        )
    except (OSError, ssl.SSLError) as error:
        raise MisconfiguredError(
            f"{source.certificate} and {source.private_key} are no certificate and its key "
            f"({error}): put both there, PEM and without a password, or correct the plant file"
        ) from None
    return context


def _file(name: str) -> str:
    return str(Path(name).expanduser())
