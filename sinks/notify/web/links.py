"""Signed links: short tokens bound to an alert, a recipient and an expiry. Pure.

A token is 26 bytes and half of a HMAC-SHA-256 over them (RFC 2104 allows that), each as base64url:
58 characters. It names alert and recipient by digests; only who knows both can tell them from it.
"""

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from itsdangerous import BadData, HMACAlgorithm, Signer
from itsdangerous.encoding import base64_decode, base64_encode

from schemas.record import in_utc

ACKNOWLEDGE = "plantstream.acknowledge.1"
"""Purpose of the links that messages carry."""
_NONCE = "plantstream.nonce.1|"
NONCE_HOLDS = timedelta(minutes=10)
_ALERT, _RECIPIENT, _CHANCE = 9, 6, 9
"""Bytes of the digests, and of a nonce's own chance."""
_LINK = struct.Struct(f">{_ALERT}s7s{_RECIPIENT}sI")
_USE = struct.Struct(f">{_CHANCE}sI")
_SIGNATURE = 16
_LONGEST = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Reason(StrEnum):
    """Why a link or a nonce counts for nothing."""

    FORGED = "forged"
    """Not signed by us for this purpose, this alert and this recipient."""
    EXPIRED = "expired"
    USED = "used"


class RefusedLinkError(Exception):
    """The link or the nonce counts for nothing."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Link:
    """What a link says: digests of fingerprint and recipient, and two moments."""

    alert: bytes
    starts_at: datetime
    recipient: bytes
    expires_at: datetime


def alert_digest(fingerprint: str) -> bytes:
    """What a link calls a fingerprint."""
    return _digest("alert", fingerprint)[:_ALERT]


def recipient_digest(recipient: str) -> bytes:
    """What a link calls a recipient, by the id of a person or an endpoint."""
    return _digest("recipient", recipient)[:_RECIPIENT]


class Links:
    """Signs and reads tokens; of several keys the last one signs, all of them count."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise ValueError("links need a key")
        self._keys = tuple(keys)

    def sign(
        self,
        fingerprint: str,
        starts_at: datetime,
        recipient: str,
        expires_at: datetime,
        purpose: str = ACKNOWLEDGE,
    ) -> str:
        """A token; it is no longer than 80 characters."""
        payload = _LINK.pack(
            alert_digest(fingerprint),
            ((in_utc(starts_at) - _EPOCH) // _MICROSECOND).to_bytes(7, "big"),
            recipient_digest(recipient),
            int(expires_at.timestamp()),
        )
        return self._signed(payload, purpose)

    def read(self, token: str, now: datetime, purpose: str = ACKNOWLEDGE) -> Link:
        """What the token says.

        Raises:
            RefusedLinkError: it is forged, of another purpose, or expired.
        """
        alert, since, recipient, expires = _LINK.unpack(self._unsigned(token, purpose, _LINK.size))
        link = Link(
            alert,
            _EPOCH + int.from_bytes(since, "big") * _MICROSECOND,
            recipient,
            _EPOCH + timedelta(seconds=expires),
        )
        if link.expires_at <= now:
            raise RefusedLinkError(Reason.EXPIRED)
        return link

    def nonce(self, link: Link, chance: bytes, now: datetime) -> str:
        """Something that may be used once, within ten minutes, by who has this link.

        `chance` is 9 random bytes.
        """
        expires_at = min(now + NONCE_HOLDS, link.expires_at)
        payload = _USE.pack(chance, int(expires_at.timestamp()))
        return self._signed(payload, _NONCE + _bound(link))

    def used_by(self, nonce: str, link: Link, now: datetime) -> str:
        """The name under which a nonce is remembered, if it was made for this link.

        It is what was signed: a signature can be written in several ways, its text in one.

        Raises:
            RefusedLinkError: it is forged, of another link, or expired.
        """
        payload = self._unsigned(nonce, _NONCE + _bound(link), _USE.size)
        _, expires = _USE.unpack(payload)
        if expires <= now.timestamp():
            raise RefusedLinkError(Reason.EXPIRED)
        return base64_encode(payload).decode()

    def _signed(self, payload: bytes, purpose: str) -> str:
        return self._signer(purpose).sign(base64_encode(payload)).decode()

    def _unsigned(self, token: str, purpose: str, size: int) -> bytes:
        if len(token) > _LONGEST or not token.isascii():
            raise RefusedLinkError(Reason.FORGED)
        try:
            payload = base64_decode(self._signer(purpose).unsign(token))
        except BadData:
            raise RefusedLinkError(Reason.FORGED) from None
        if len(payload) != size:
            raise RefusedLinkError(Reason.FORGED)
        return payload

    def _signer(self, purpose: str) -> Signer:
        return Signer(
            self._keys,
            salt=purpose,
            key_derivation="hmac",
            digest_method=hashlib.sha256,
            algorithm=_HalfHmac(hashlib.sha256),
        )


class _HalfHmac(HMACAlgorithm):
    """The first 128 bits of a HMAC; the base class compares in constant time."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return super().get_signature(key, value)[:_SIGNATURE]


def _bound(link: Link) -> str:
    return "|".join((link.alert.hex(), link.starts_at.isoformat(), link.recipient.hex()))


def _digest(kind: str, name: str) -> bytes:
    return hashlib.sha256(f"{kind}|{name}".encode()).digest()
