"""Signatures of statements: whether one is valid by the plant file under which it was stated."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from processors.quality.facts import UNSEALED, Sealed
from schemas.lab import SignedRecord
from schemas.plant.signatures import Signatures, SignedAct
from schemas.signature import Signature, content_digest

AHEAD = timedelta(minutes=5)
"""How far the clock of the edge where it was signed may be ahead of that where it was stated."""
Verifies = Callable[[bytes, str, bytes], bool]
"""Whether the private half of this public key (32 bytes) made the seal over the content."""
Objection = tuple[str, str]
"""A field, and what is wrong with it."""


def knows_no_seal(key: bytes, seal: str, content: bytes) -> bool:
    """A verifier that takes nothing."""
    del key, seal, content
    return False


def seal_of(said: SignedRecord, rules: Signatures | None, verifies: Verifies) -> Sealed:
    """Who signed it, and what speaks against the signature or its absence.

    Without keys in the plant file nobody can tell anything by a signature: it is left aside.
    """
    if rules is None:
        return UNSEALED
    signature, asked = said.signature, rules.asked(said.act)
    if signature is None:
        told = f"is missing: a {said.act} has to be signed, see POST /v1/sign"
        return UNSEALED if asked is None else Sealed(field="signature", reason=told)
    against = [*_not_genuine(said, signature, (rules, verifies)), *_not_in_time(said, rules)]
    if asked is not None:
        against += _not_fitting(signature, asked)
    field, reason = against[0] if against else ("", "")
    name, login, roles = signature.name, signature.login, signature.roles
    return Sealed(signature.id, name, login, roles, field, reason)


def _not_genuine(
    said: SignedRecord, signature: Signature, judges: tuple[Signatures, Verifies]
) -> Iterator[Objection]:
    rules, verifies = judges
    key = rules.key_named(signature.key)
    if key is None:
        yield "signature.key", "is none of quality.signatures.keys in the plant file"
    elif not verifies(key, signature.seal, signature.sealed()):
        yield "signature.seal", "does not fit: the signature was changed after it was made"
    if content_digest(said.signed_content()) != signature.content_sha256:
        yield "signature.content_sha256", "was made over another content than is stated"


def _not_in_time(said: SignedRecord, rules: Signatures) -> Iterator[Objection]:
    at = None if said.signature is None else said.signature.at
    if at is None:
        return
    if at > said.ingest_time + AHEAD:
        yield "signature.at", "lies after the statement"
    elif at < said.ingest_time - rules.max_age:
        yield "signature.at", f"is older than {rules.max_age}: sign anew"


def _not_fitting(signature: Signature, asked: SignedAct) -> Iterator[Objection]:
    if asked.meanings and signature.meaning not in asked.meanings:
        yield "signature.meaning", f"has to be {' or '.join(asked.meanings)}"[:1000]
    if asked.roles and not set(asked.roles) & set(signature.roles):
        yield "signature.roles", f"needs {' or '.join(asked.roles)}"[:1000]
