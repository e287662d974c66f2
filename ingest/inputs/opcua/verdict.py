"""Whether a server's certificate is to be believed, and what to tell a person if it is not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from ingest.inputs.opcua.certificates import application_uri_of, der, fingerprint, first_of_chain

MAX_CHAIN = 5
"""Certificates between a server's and a trusted issuer's."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a server shows: its certificate, and those of issuers that it brings along."""

    certificate: x509.Certificate
    issuers: tuple[x509.Certificate, ...] = ()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate."""
        return fingerprint(der(self.certificate))


def shown_by(content: bytes) -> Shown:
    """The certificates in what a server offers.

    Raises:
        ValueError: it is none.
    """
    found: list[x509.Certificate] = []
    while content and len(found) < MAX_CHAIN:
        first = first_of_chain(content)
        found.append(x509.load_der_x509_certificate(first))
        content = content[len(first) :]
    if not found:
        raise ValueError("the server shows no certificate")
    return Shown(found[0], tuple(found[1:]))


def objection(
    shown: Shown, trusted: Sequence[x509.Certificate], endpoint: str, host: str, now: datetime
) -> str | None:
    """Why this certificate is not believed, with what to do; None if it is."""
    return (
        untimely(shown.certificate, now)
        or _untrusted(shown, trusted, endpoint, now)
        or _misplaced(shown.certificate, host)
    )


def untimely(certificate: x509.Certificate, now: datetime) -> str | None:
    """Why the certificate is not valid now."""
    if now > certificate.not_valid_after_utc:
        return (
            f"its certificate expired on {certificate.not_valid_after_utc:%Y-%m-%d}: renew it at "
            "the server, then trust the new one"
        )
    if now < certificate.not_valid_before_utc:
        return (
            f"its certificate is valid from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC "
            "only: correct the clock of this machine or of the server"
        )
    return None


def hosts_of(certificate: x509.Certificate) -> list[str]:
    """Names and addresses of hosts that the certificate speaks for."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    addresses = names.get_values_for_type(x509.IPAddress)
    return [*names.get_values_for_type(x509.DNSName), *map(str, addresses)]


def _untrusted(
    shown: Shown, trusted: Sequence[x509.Certificate], endpoint: str, now: datetime
) -> str | None:
    if shown.certificate in trusted or _is_issued(shown, trusted, now):
        return None
    command = f"plantstream trust add {endpoint}"
    changed = _predecessor(shown.certificate, trusted)
    if changed is not None:
        before = fingerprint(der(changed))
        return (
            f"its certificate changed: it shows SHA-256 {shown.fingerprint} where {before} is "
            "trusted; ask who runs the server, and only if the new one is right: "
            f"plantstream trust remove {before} and {command}"
        )
    return (
        f"its certificate with SHA-256 {shown.fingerprint} is not in the trust list; compare it "
        f"with what the server's own configuration shows, then: {command}"
    )


def _predecessor(
    certificate: x509.Certificate, trusted: Sequence[x509.Certificate]
) -> x509.Certificate | None:
    """A trusted certificate of the same application."""
    uri = application_uri_of(certificate)
    if uri is None:
        return None
    return next((one for one in trusted if application_uri_of(one) == uri), None)


def _is_issued(shown: Shown, trusted: Sequence[x509.Certificate], now: datetime) -> bool:
    """Whether a chain of issuers leads from the certificate to a trusted one."""
    current = shown.certificate
    for _ in range(MAX_CHAIN):
        if any(_is_issuer(one, current, now) for one in trusted):
            return True
        above = [one for one in shown.issuers if one != current and _is_issuer(one, current, now)]
        if not above:
            return False
        current = above[0]
    return False


def _is_issuer(issuer: x509.Certificate, issued: x509.Certificate, now: datetime) -> bool:
    try:
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        issued.verify_directly_issued_by(issuer)
    except (x509.ExtensionNotFound, InvalidSignature, ValueError, TypeError):
        return False
    return constraints.ca and untimely(issuer, now) is None


def _misplaced(certificate: x509.Certificate, host: str) -> str | None:
    hosts = hosts_of(certificate)
    if any(_is_same(host, one) for one in hosts):
        return None
    named = ", ".join(hosts) or "no host at all"
    return (
        f"its certificate is for {named} and not for {host}: name one of its hosts in `endpoint`, "
        "have the server's certificate made anew, or pin this one with `server_certificate`"
    )


def _is_same(host: str, other: str) -> bool:
    try:
        return ip_address(host) == ip_address(other)
    except ValueError:
        return host.lower().rstrip(".") == other.lower().rstrip(".")
