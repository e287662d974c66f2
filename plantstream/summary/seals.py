"""Seals of signatures: whether they fit what they were made over, where the key is known. Pure."""

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import ValidationError

from plantstream.runtime.signing_key import VerifyingKey
from schemas.signature import Signature

Row = dict[str, Any]
Seal = Literal["valid", "broken", "unchecked"]
"""`unchecked`: no key that we have made it."""
_SAME = ("login", "roles", "time_zone", "meaning", "content_sha256", "key", "seal")
"""Columns that are called like fields of a signature."""


def judged(signatures: Iterable[Row], keys: Iterable[VerifyingKey]) -> tuple[Row, ...]:
    """The signatures with a verdict on the `fit` of their seals."""
    known = {one.id: one for one in keys}
    return tuple(one | {"fit": _seal(one, known.get(one["key"]))} for one in signatures)


def _seal(signed: Row, key: VerifyingKey | None) -> Seal:
    if key is None:
        return "unchecked"
    try:
        signature = Signature(
            id=signed["signature_id"],
            name=signed["signed_by"],
            at=signed["signed_at"],
            local_time=signed["signed_local"],
            **{name: signed[name] for name in _SAME},
        )
    except ValidationError:
        return "broken"
    return "valid" if key.verifies(signature.seal, signature.sealed()) else "broken"
