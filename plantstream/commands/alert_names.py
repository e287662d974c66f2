"""Which alert somebody means: by its code, its fingerprint, or its name and labels."""

import re
from collections.abc import Iterable, Sequence

import typer

from plantstream.commands.alert_view import code, name_of, state_of
from plantstream.commands.given_words import must_name
from plantstream.commands.matching import labels_of, matchers_of
from schemas.alerts import AlertStatus
from schemas.mistakes import did_you_mean
from schemas.plant.alerts.matchers import are_met
from sinks.notify.codes import as_code

HINT = "ID"
MOST_TOLD = 10
"""Alerts of which it is told that they may have been meant."""
_NAMED = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*(?:\{(?P<labels>.*)\})?")


def find(words: Sequence[str], known: Sequence[AlertStatus]) -> list[AlertStatus]:
    """The alert that each word means, each once.

    Raises:
        typer.BadParameter: a word is blank, or means none, or more than one.
    """
    found = {one.record_id(): one for word in words for one in [_only(word, known)]}
    return list(found.values())


def meant(word: str, known: Iterable[AlertStatus]) -> list[AlertStatus]:
    """All alerts that a word may mean; those that are over only if no other may be meant."""
    listed = list(known)
    exact = [one for one in listed if one.fingerprint == word]
    found = exact or [one for one in listed if _may_be(word, one)]
    return [one for one in found if one.alert.state != "resolved"] or found


def _only(word: str, known: Sequence[AlertStatus]) -> AlertStatus:
    must_name(word, HINT)
    found = meant(word, known)
    if len(found) == 1:
        return found[0]
    if found:
        told = ", ".join(_told(one) for one in found[:MOST_TOLD])
        more = f" and {len(found) - MOST_TOLD} more" if len(found) > MOST_TOLD else ""
        raise typer.BadParameter(
            f"{word} may be each of these: {told}{more}; give a fingerprint", param_hint=HINT
        )
    names = {one.alert.labels.get("alertname", "") for one in known}
    hint = did_you_mean(word, names) or "see: plantstream alerts list --state all"
    raise typer.BadParameter(f"no such alert: {word}; {hint}", param_hint=HINT)


def _may_be(word: str, status: AlertStatus) -> bool:
    if status.fingerprint.startswith(word) or code(status) == as_code(word):
        return True
    named = _NAMED.fullmatch(word.strip())
    if named is None or named["name"] != status.alert.labels.get("alertname"):
        return False
    given = [part for part in re.split(r",\s*", named["labels"] or "") if part]
    return are_met(matchers_of(given, HINT), labels_of(status))


def _told(status: AlertStatus) -> str:
    return f"{status.fingerprint} ({name_of(status)}, {state_of(status)})"
