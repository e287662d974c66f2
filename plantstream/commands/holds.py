"""Holds on records as they are stored, and what a person may do about them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import typer

from plantstream.commands.given_words import must_name
from sinks.timescale.holds import StoredHold


def document(one: StoredHold) -> dict[str, Any]:
    """For programs; times are UTC."""
    return {
        "site": one.site,
        "batch": one.batch,
        "hold": one.hold,
        "stands": one.stands,
        "reason": one.reason,
        "held_by": one.held_by,
        "held_at": _text(one.held_at),
        "released_by": one.released_by,
        "released_at": _text(one.released_at),
        "release_reason": one.release_reason,
    }


def row(one: StoredHold) -> dict[str, Any]:
    """A line of the list."""
    return {
        "hold": one.hold,
        "site": one.site,
        "batch": one.batch,
        "state": "held" if one.stands else "released",
        "by": one.held_by,
        "since": one.held_at.isoformat(timespec="seconds"),
        "reason": one.reason,
        "released": " ".join(filter(None, (one.released_by, one.release_reason))),
    }


def to_release(holds: Sequence[StoredHold], batch: str, word: str | None) -> StoredHold:
    """The only hold that stands on the batch, or the one whose id begins so.

    Raises:
        typer.BadParameter: the word is blank, or there is none, or more than one.
    """
    if word is not None:
        must_name(word, "--hold")
    standing = [one for one in holds if one.stands]
    if not standing:
        told = f"no hold on {batch} stands; list them with: plantstream hold list --all"
        raise typer.BadParameter(told, param_hint="BATCH")
    found = [one for one in standing if one.hold.startswith(word or "")]
    if len(found) == 1:
        return found[0]
    names = "; ".join(f"{one.hold} ({one.held_by}: {one.reason})" for one in standing)
    told = f"{batch} has these holds, and each is released by itself: {names}"
    raise typer.BadParameter(told, param_hint="--hold")


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
