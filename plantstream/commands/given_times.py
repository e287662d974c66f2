"""Times and spans as people write them on the command line."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def moment(given: str | None, zone: "ZoneInfo", option: str) -> datetime:
    """The instant of a local time, or of a time with its offset; now where nothing is given.

    Raises:
        typer.BadParameter: it is no time.
    """
    from plantstream.runtime.clock import now
    from schemas.plant.local_time import instant
    from schemas.record import in_utc

    if given is None:
        return now()
    try:
        found = datetime.fromisoformat(given)
        return in_utc(found) if found.tzinfo is not None else instant(found, zone)
    except (ValueError, OverflowError):
        raise typer.BadParameter("write it as 2026-03-08T03:00", param_hint=option) from None


def span(given: str, option: str) -> timedelta:
    """A span of time above 0.

    Raises:
        typer.BadParameter: it is none.
    """
    from pydantic import TypeAdapter, ValidationError

    from schemas.plant.times import Span

    reader: TypeAdapter[Any] = TypeAdapter(Span)
    try:
        found: timedelta = reader.validate_python(given)
    except ValidationError as error:
        told = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise typer.BadParameter(told, param_hint=option) from None
    if not found:
        raise typer.BadParameter("is 0: write a span such as 30m or 2h", param_hint=option)
    return found


def local(at: datetime | None, zone: "ZoneInfo") -> str:
    """`2026-03-02T14:00:30-06:00`; nothing of None."""
    return "" if at is None else at.astimezone(zone).isoformat(timespec="seconds")
