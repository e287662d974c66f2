"""One text for one JSON value: the JSON Canonicalization Scheme of RFC 8785, for hashes.

Whole numbers beyond 2^53, which the RFC leaves to texts, are written with all their digits.
"""

from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

_MOST_WHOLE = 21
"""Digits before the point that ECMAScript writes out."""
_MOST_ZEROS = 6
"""Zeros after the point that it writes out."""
_LITERALS = {None: "null", True: "true", False: "false"}


def canonical(value: Any) -> bytes:
    """The value in UTF-8: no spaces, keys by their UTF-16 units, numbers as ECMAScript has them.

    Raises:
        ValueError: something in it is no JSON: NaN, an infinity, half a surrogate pair, an object.
    """
    return _text(value).encode()


def _text(value: Any) -> str:
    match value:
        case str():
            return encode_basestring(value)
        case None | bool():
            return _LITERALS[value]
        case int():
            return str(int(value))
        case float():
            return _number(value)
        case list() | tuple():
            return f"[{','.join(map(_text, value))}]"
        case dict():
            named = sorted(value.items(), key=_units)
            return f"{{{','.join(f'{_text(name)}:{_text(one)}' for name, one in named)}}}"
        case _:
            raise ValueError(f"{type(value).__name__} is no JSON")


def _units(item: tuple[Any, Any]) -> bytes:
    name, _ = item
    if not isinstance(name, str):
        raise ValueError(f"{name!r} is no name in JSON")  # noqa: TRY004 - what `canonical` raises
    return name.encode("utf-16-be")


def _number(value: float) -> str:
    """Number::toString of ECMAScript: the shortest digits that read as the same number."""
    sign, places, exponent = Decimal(repr(value)).as_tuple()
    if not isinstance(exponent, int):
        raise ValueError(f"{value!r} is no number in JSON")  # noqa: TRY004 - as above
    if not any(places):
        return "0"
    digits = "".join(map(str, places)).lstrip("0")
    point = len(digits) + exponent
    return ("-" if sign else "") + _placed(digits.rstrip("0"), point)


def _placed(digits: str, point: int) -> str:
    """0.`digits` times ten to the power of `point`."""
    if len(digits) <= point <= _MOST_WHOLE:
        return digits + "0" * (point - len(digits))
    if 0 < point <= _MOST_WHOLE:
        return f"{digits[:point]}.{digits[point:]}"
    if -_MOST_ZEROS < point <= 0:
        return f"0.{'0' * -point}{digits}"
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{point - 1:+d}"
