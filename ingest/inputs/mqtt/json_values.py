"""Values and times in JSON messages."""

import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NoReturn

from ingest.input import Value
from ingest.inputs.mqtt.payload import moment

_TIME_FORMS = "RFC 3339 with an offset, or milliseconds since 1970"


class AbsentError(ValueError):
    """The message has no such field."""


class WrongError(ValueError):
    """The field holds what can be no value or no time."""


def parse(content: bytes) -> Any:
    """The JSON document in these bytes.

    Raises:
        ValueError: they are none, or it holds a NaN or an infinity, which JSON does not know.
    """
    try:
        return json.loads(content, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def value_at(document: Any, field: str) -> Value:
    """The single value at a dotted path; a number in the path is the place in an array, from 0.

    Raises:
        AbsentError: there is none.
        WrongError: there is an object or an array, or a number that no computer can hold.
    """
    found = _at(document, field)
    if isinstance(found, dict | list):
        kind = "an object" if isinstance(found, dict) else "an array"
        raise WrongError(f"{field or 'the message'} is {kind} and not a single value")
    if isinstance(found, float) and not math.isfinite(found):
        raise WrongError(f"{field or 'the message'} is a number out of range")
    value: Value = found
    return value


def time_at(document: Any, field: str) -> datetime:
    """The time at a dotted path, in UTC.

    Raises:
        AbsentError: there is none.
        WrongError: it cannot be read as a time.
    """
    found = _at(document, field)
    at: datetime | None = None
    if isinstance(found, str):
        at = _rfc_3339(found)
    elif isinstance(found, int | float) and not isinstance(found, bool):
        at = moment(found)
    if at is None:
        raise WrongError(f"{field} is {found!r:.60} and no time ({_TIME_FORMS})")
    return at


def _at(document: Any, field: str) -> Any:
    found = document
    for part in _parts(field):
        if isinstance(found, dict) and part in found:
            found = found[part]
        elif isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            raise AbsentError(f"it has no field {field}")
    return found


def _parts(field: str) -> Sequence[str]:
    return field.split(".") if field else ()


def _rfc_3339(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return None if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")
