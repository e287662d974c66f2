"""Short codes of alerts: what somebody types into an answer to name one."""

import base64
import hashlib

LENGTH = 4
_LOOK_ALIKES = str.maketrans({"0": "O", "1": "I"})


def code_of(alert_id: str) -> str:
    """Four letters and digits that name an alert among those that are open at one time.

    The alphabet is base32: it has no 0 and no 1, which look like letters.
    """
    digest = hashlib.sha256(alert_id.encode()).digest()
    return base64.b32encode(digest).decode()[:LENGTH]


def as_code(written: str) -> str:
    """What somebody typed, as `code_of` would have written it."""
    return written.translate(_LOOK_ALIKES).upper()
