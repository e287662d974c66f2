"""What people prove who they are by: a password (argon2id) and a code that changes (TOTP)."""

import hmac
from datetime import datetime
from functools import cache

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from plantstream.runtime.errors import MisconfiguredError

LEAST_PASSWORD, MOST_PASSWORD = 12, 200
"""Characters."""
STEP_S = 30
AROUND = 1
"""Steps by which a telephone's clock may be behind or ahead."""
_HASHER = PasswordHasher()
"""argon2id with the second recommended option of RFC 9106: 64 MiB, 3 passes, 4 lanes."""


def hashed(password: str) -> str:
    """What is kept of a password.

    Raises:
        MisconfiguredError: it is too short or too long.
    """
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        raise MisconfiguredError(
            f"a password has {LEAST_PASSWORD} to {MOST_PASSWORD} characters: choose another"
        )
    return _HASHER.hash(password)


def fits(password: str, kept: str | None) -> bool:
    """Whether this is the password; without one that is kept it takes as long."""
    try:
        _HASHER.verify(kept or _nobodys(), password)
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def new_secret() -> str:
    """A secret for an authenticator: 160 random bits in base32."""
    return pyotp.random_base32()


def address(secret: str, login: str, issuer: str) -> str:
    """The secret as an authenticator takes it, typed or as a QR code: `otpauth://…`."""
    return pyotp.TOTP(secret, name=login, issuer=issuer).provisioning_uri()


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The step that this code belongs to, if it is one of those around now."""
    factor = pyotp.TOTP(secret, interval=STEP_S)
    current = int(now.timestamp()) // STEP_S
    found = None
    for step in range(current - AROUND, current + AROUND + 1):
        if hmac.compare_digest(factor.generate_otp(step).encode(), code.encode()):
            found = step
    return found


@cache
def _nobodys() -> str:
    """A hash to compare with where there is none."""
    return _HASHER.hash("nobody has this password")
