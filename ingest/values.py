"""What a raw value is as a number, as a word, and whether anybody can use it."""

import math

from ingest.input import GOOD, Value
from schemas.record import LARGEST_NUMBER

UNCERTAIN = 0x40000000
"""OPC UA status of a value that is there and cannot quite be trusted."""
MAX_TEXT = 1_000
"""Characters of a text sample; a longer one is no value of a machine."""

_SEVERITY = 0xC0000000
_LARGEST_WHOLE = 2.0**53


def is_bad(quality: int) -> bool:
    """Whether the status code says that the value must not be used; uncertain ones may."""
    return quality & _SEVERITY not in {GOOD, UNCERTAIN}


def number(value: Value) -> float | None:
    """The value as a number that can be computed with, booleans as 0 and 1, or None."""
    if isinstance(value, str) or value is None:
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if abs(found) <= LARGEST_NUMBER else None


def scaled(value: Value, factor: float, offset: float) -> Value:
    """A number times the factor plus the offset; as it is what is none, or what no float holds."""
    # By exact type: a truth value is no number here.
    if type(value) is not float and type(value) is not int:
        return value
    try:
        return value * factor + offset
    except OverflowError:
        return value


def word(value: Value) -> str | None:
    """The value as people write it: true, 6 for 6.0, texts without blanks around them.

    None for what cannot be written: NaN, infinities, texts that are too long or not Unicode.
    """
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case str():
            return _text(value.strip())
        case float() if not math.isfinite(value):
            return None
        case float() if value.is_integer() and abs(value) < _LARGEST_WHOLE:
            return str(int(value))
        case _:
            return str(value) if number(value) is not None else None


def legible(text: str) -> str:
    """The text with a question mark for what is not Unicode, such as in a foreign file name."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def _text(text: str) -> str | None:
    if len(text) > MAX_TEXT or "\0" in text:
        return None
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return None
    return text
