"""Signatures that the plant file asks for: whose seals count, and which acts have to be signed."""

import base64
import hashlib
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from schemas.plant.times import Span
from schemas.plant.values import Name, Strict

Act = Literal["disposition", "correction", "closing"]
"""What may have to be signed: of a batch, of a result, of a deviation."""
_ED25519 = bytes.fromhex("302a300506032b6570032100")
"""What an Ed25519 public key begins with in DER; its 32 bytes follow."""
_KEY_BYTES = 32


def _public_key(text: str) -> str:
    try:
        der = base64.b64decode(text, validate=True)
    except ValueError:
        der = b""
    if not (der.startswith(_ED25519) and len(der) == len(_ED25519) + _KEY_BYTES):
        raise ValueError("is no Ed25519 public key: copy the middle line of signing.pub")
    return text


PublicKey = Annotated[str, AfterValidator(_public_key)]
"""The line between BEGIN and END of a `signing.pub`."""
Meaning = Annotated[str, Field(min_length=1, max_length=200)]


class SignedAct(Strict):
    """What a signature of this act has to be."""

    meanings: list[Meaning] = Field(default_factory=list, max_length=20)
    """One of these; empty takes every meaning."""
    roles: list[Name] = Field(default_factory=list, max_length=20)
    """The person has one of these; empty takes everybody who may sign."""


class Signatures(Strict):
    """Whose seals count, how long, and which acts need one."""

    keys: list[PublicKey] = Field(min_length=1, max_length=50)
    """Public keys of the edges at which people sign."""
    max_age: Span = timedelta(hours=1)
    """From signing to stating."""
    disposition: SignedAct | None = None
    """Empty is not required; likewise the others."""
    correction: SignedAct | None = None
    """Of a result."""
    closing: SignedAct | None = None
    """Of a deviation."""

    def asked(self, act: Act | None) -> SignedAct | None:
        """What is required of this act."""
        return (
            None
            if act is None
            else {
                "disposition": self.disposition,
                "correction": self.correction,
                "closing": self.closing,
            }[act]
        )

    def key_named(self, name: str) -> bytes | None:
        """The 32 bytes of the key of this SHA-256, if it counts."""
        raw = (base64.b64decode(one)[len(_ED25519) :] for one in self.keys)
        return next((key for key in raw if hashlib.sha256(key).hexdigest() == name), None)
