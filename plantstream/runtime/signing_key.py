"""Keys that sign (Ed25519): made on first use in a file that only its owner reads."""

import base64
import hashlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)

from plantstream.runtime.errors import MisconfiguredError

SEALING = "signing.key"
"""In the data directory of an edge: what seals signatures."""


class VerifyingKey:
    """The public half of a key."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key
        raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = hashlib.sha256(raw).hexdigest()
        """SHA-256 of the 32 bytes of the key."""

    def verifies(self, signature: str, content: bytes) -> bool:
        """Whether the private half signed this content."""
        try:
            self._key.verify(base64.b64decode(signature, validate=True), content)
        except (InvalidSignature, ValueError):
            return False
        return True

    def pem(self) -> bytes:
        """As a file holds it."""
        return self._key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


class SigningKey:
    """A key; `verifying` is its public half."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.verifying = VerifyingKey(key.public_key())

    def sign(self, content: bytes) -> str:
        """The signature over this content, as base64."""
        return base64.b64encode(self._key.sign(content)).decode()


def public_file(path: Path) -> Path:
    """Where the public half of a key is: `x.key` has `x.pub`."""
    return path.with_suffix(".pub")


def signing_key(path: Path) -> SigningKey:
    """The key in this file; where there is none, a new one, with its public half beside it.

    Raises:
        MisconfiguredError: the file holds no such key, or cannot be read or written.
    """
    try:
        if not path.exists():
            _make(path)
        key = load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise MisconfiguredError(f"{path} cannot be had: {error.strerror}") from error
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise MisconfiguredError(f"{path} is no private Ed25519 key: restore it")
    return SigningKey(key)


def verifying_key(path: Path) -> VerifyingKey:
    """The public key in this file (PEM).

    Raises:
        MisconfiguredError: the file holds none, or cannot be read.
    """
    try:
        key = load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise MisconfiguredError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, UnsupportedAlgorithm):
        raise MisconfiguredError(f"{path} is no public key in PEM") from None
    if not isinstance(key, Ed25519PublicKey):
        raise MisconfiguredError(f"{path} is no public Ed25519 key")
    return VerifyingKey(key)


def stored_key(line: str) -> VerifyingKey | None:
    """The public key of this middle line of a PEM file; None if it is none."""
    try:
        key = load_der_public_key(base64.b64decode(line, validate=True))
    except (ValueError, UnsupportedAlgorithm):
        return None
    return VerifyingKey(key) if isinstance(key, Ed25519PublicKey) else None


def is_sealed(key: bytes, seal: str, content: bytes) -> bool:
    """Whether the private half of this public key, given as its 32 bytes, signed the content."""
    try:
        return VerifyingKey(Ed25519PublicKey.from_public_bytes(key)).verifies(seal, content)
    except ValueError:
        return False


def _make(path: Path) -> None:
    """Whoever comes second finds the key of the first."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as to:
            to.write(pem)
            to.flush()
            os.fsync(to.fileno())
        path.hardlink_to(beside)
    except FileExistsError:
        return
    finally:
        beside.unlink(missing_ok=True)
    public_file(path).write_bytes(VerifyingKey(key.public_key()).pem())
