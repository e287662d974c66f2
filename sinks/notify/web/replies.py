"""What people answer by SMS and WhatsApp, and what they are answered. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.plant.alerts.people import Person
from schemas.plant.model import Plant
from sinks.notify.codes import LENGTH, as_code, code_of
from sinks.notify.web.acts import ACKNOWLEDGE, UNACKNOWLEDGE, Wish, snooze
from sinks.notify.web.board import Standing
from sinks.notify.web.moments import Reader
from sinks.notify.web.phrases import PHRASES

MOST_CHARACTERS = 200
"""What is longer is no answer to an alert."""
_TAKE = frozenset({"ok", "okay", "ack", "si", "yes", "recibido", "enterado", "reconocer"})
_GIVE_BACK = frozenset({"unack", "no puedo", "desack"})
_QUIET = frozenset({"snooze", "posponer", "silencio"})
_SPAN = re.compile(r"(\d{1,4})\s*(m|min|minutos?|minutes?|h|hr|horas?|hours?)(?![a-z])")
_CODE = re.compile(rf"[a-z0-9]{{{LENGTH}}}")
_DEFAULT_SPAN = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Reply:
    """What somebody wants, and of which alert if they said so."""

    wish: Wish
    code: str | None = None


def read_reply(text: str) -> Reply | None:
    """What the text asks for; None if it is no answer that we know.

    Accents, case and punctuation do not matter: `¡Sí!` is `si`.
    """
    if len(text) > MOST_CHARACTERS:
        return None
    said = _plain(text)
    for words, wish in ((_GIVE_BACK, UNACKNOWLEDGE), (_TAKE, ACKNOWLEDGE)):
        rest = _after(said, words)
        if rest is not None:
            return _named(wish, rest)
    rest = _after(said, _QUIET)
    if rest is None:
        return None
    found = _SPAN.match(rest)
    if found is None:
        return _named(snooze(_DEFAULT_SPAN), rest)
    number, unit = int(found[1]), found[2]
    span = timedelta(hours=number) if unit.startswith("h") else timedelta(minutes=number)
    return _named(snooze(span), rest[found.end() :].strip())


def sender_of(plant: Plant, number: str) -> Person | None:
    """Whose number this is; WhatsApp writes some countries' mobile numbers in an older way."""
    wanted = canonical(number)
    for person in plant.people:
        known = {canonical(one) for one in (person.phone, person.whatsapp) if one}
        if wanted in known:
            return person
    return None


def canonical(number: str) -> str:
    """E.164 without the mobile digit that Mexico (1) and Argentina (9) have given up abroad."""
    digits = "+" + "".join(one for one in number if one.isascii() and one.isdigit())
    for old, new, length in (("+521", "+52", 14), ("+549", "+54", 14)):
        if digits.startswith(old) and len(digits) == length:
            return new + digits[len(old) :]
    return digits


def answer(wish: Wish, standing: Standing, reader: Reader, now: datetime) -> str:
    """What was done, in one sentence."""
    says, alert = PHRASES[reader.language], standing.status.alert
    words = alert.words.get(reader.language) or next(iter(alert.words.values()), None)
    summary = (words.summary if words else "") or alert.labels.get("alertname", "")
    what = f"{summary} ({code_of(alert.alert_id())})"
    if wish.span is not None:
        until = reader.moment(now + wish.span)
        return says.answered_snooze.format(name=reader.name, what=what, at=until)
    said = says.answered_take if wish is ACKNOWLEDGE else says.answered_give_back
    return said.format(name=reader.name, what=what)


def help_for(standing: Standing | None, reader: Reader) -> str:
    """What may be answered."""
    code = code_of(standing.status.alert_id()) if standing else "ABCD"
    return PHRASES[reader.language].answered_help.format(code=code)


def _named(wish: Wish, rest: str) -> Reply | None:
    if not rest:
        return Reply(wish)
    return Reply(wish, as_code(rest)) if _CODE.fullmatch(rest) else None


def _after(said: str, words: frozenset[str]) -> str | None:
    """What follows one of these words; None if it begins with none of them."""
    for word in sorted(words, key=len, reverse=True):
        if said == word or said.startswith(word + " "):
            return said[len(word) :].strip()
    return None


def _plain(text: str) -> str:
    """Lower case, without accents and punctuation."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(one if one.isalnum() else " " for one in parts if not unicodedata.combining(one))
    return " ".join(kept.split())
