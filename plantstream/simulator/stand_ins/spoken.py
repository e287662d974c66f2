"""What a message says, as its reader takes it: why it came, of which alert, and its link."""

import base64
import binascii
import re
import unicodedata
from itertools import takewhile

from processors.rules.plan import Watched
from processors.rules.words import words
from schemas.alerts import Why
from schemas.plant.alerts.rules import LANGUAGES
from sinks.notify.web.links import alert_digest
from sinks.notify.words.phrases import PHRASES

_LINK = re.compile(r"https?://[^\s\"<>]+/a/([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+")
_WHY = re.compile(r'"why": "(\w+)"')
_DIGEST_BYTES, _START_BYTES = 9, 7
_SHORTEST_WORDS = 5


def folded(text: str) -> str:
    """Without accents and capitals, as an SMS may write it."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(one for one in plain if not unicodedata.combining(one)).casefold()


def why_of(text: str) -> str:
    """The reason why the message was sent, by the word before its summary."""
    said = _WHY.search(text)
    if said is not None:
        return said[1]
    read = folded(text)
    for reason, marks in _MARKS.items():
        if any(mark in read for mark in marks):
            return reason
    return "firing"


def link_in(text: str) -> str | None:
    """The first link to a page about an alert."""
    found = _LINK.search(text)
    return None if found is None else found[0]


def alert_in(link: str) -> bytes:
    """Which alert a link is about: digest of its fingerprint and its beginning."""
    token = _LINK.search(link)
    return b"" if token is None else _bytes(token[1])[: _DIGEST_BYTES + _START_BYTES]


def speaks_of(text: str, watched: Watched) -> bool:
    """Whether a message is about alerts of this rule and thing."""
    link = link_in(text)
    if link is not None:
        return alert_in(link).startswith(alert_digest(watched.fingerprint))
    if watched.fingerprint in text:
        return True
    read = folded(text)
    return any(begin in read for begin in _beginnings(watched))


def _beginnings(watched: Watched) -> list[str]:
    """What its summaries say before the value, which is another one in each message."""
    sides = [
        words(watched.rule, {"labels": watched.labels, **watched.names, **shown})
        for shown in _SHOWN
    ]
    found = [
        folded(_shared(*(one[language].summary for one in sides)))
        for language in LANGUAGES
        if all(language in one for one in sides)
    ]
    return [one for one in found if len(one) >= _SHORTEST_WORDS]


def _shared(one: str, other: str) -> str:
    """What both begin with."""
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return "".join(pair[0] for pair in pairs)


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""


_SHOWN = (
    {"value": 1.5, "limit": 1.0, "unit": ""},
    {"value": 2.5, "limit": 1.0, "unit": ""},
)
_MARKS: dict[Why, list[str]] = {
    why: [folded(one.tag[why]).strip() for one in PHRASES.values()]
    for why in PHRASES["en"].tag
    if PHRASES["en"].tag[why]
}
