"""SMS: what fits into whole segments, in the alphabet that makes them long, the essential first."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from gsm0338 import Codec

from schemas.alerts import Why
from sinks.notify.words.facts import Facts, clipped

MOST_SEGMENTS = 2
_CODEC = Codec()
_GSM_ONE, _GSM_PART = 160, 153
"""Septets of a message that is alone, and of each part of a longer one."""
_UCS_ONE, _UCS_PART = 70, 67
"""16-bit units, likewise."""
_MOST_SUMMARY, _LEAST_SUMMARY = 200, 20
"""Characters of what happened: what is more is cut, and what is less is not worth a link."""
Keep = Callable[[str], str]
"""Folds, or keeps accents."""
_SPELLED = str.maketrans(
    {
        "\N{DEGREE SIGN}": "",
        "\N{EN DASH}": "-",
        "\N{EM DASH}": "-",
        "\N{MINUS SIGN}": "-",
        "\N{MIDDLE DOT}": "-",
        "\N{BULLET}": "-",
        "\N{GREATER-THAN OR EQUAL TO}": ">=",
        "\N{LESS-THAN OR EQUAL TO}": "<=",
        "\N{NOT EQUAL TO}": "<>",
        "\N{PLUS-MINUS SIGN}": "+-",
        "\N{MULTIPLICATION SIGN}": "x",
        "\N{LEFT DOUBLE QUOTATION MARK}": '"',
        "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}": '"',
        "\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}": '"',
        "\N{MICRO SIGN}": "u",
        "\N{GREEK SMALL LETTER MU}": "u",
    }
)
"""Signs that GSM-7 lacks and Unicode does not take apart."""


@dataclass(frozen=True, slots=True)
class Size:
    """How a text travels."""

    units: int
    segments: int
    gsm: bool
    """7 bits a character; otherwise 16."""


def size(text: str) -> Size:
    """What the text costs; no character is split between two segments."""
    septets = [_septets(one) for one in text]
    if None not in septets:
        return _packed([one for one in septets if one], _GSM_ONE, _GSM_PART, gsm=True)
    return _packed([1 + (ord(one) > 0xFFFF) for one in text], _UCS_ONE, _UCS_PART, gsm=False)  # noqa: PLR2004 - the end of the 16-bit plane


def folded(text: str) -> str:
    """The text in GSM-7: accents that it lacks are dropped, signs spelled out, the rest is `?`."""
    return "".join(_fold(one) for one in text.translate(_SPELLED)).strip()


def sms(told: Facts, why: Why, accents: bool, segments: int = MOST_SEGMENTS) -> str:
    """Severity, what, where, value, link, and then as much of the rest as fits.

    Accents are kept where they are wanted and leave room for the link: they halve what fits.
    """
    keep = _tidy if accents else folded
    essential = _essential(told, why, keep, segments)
    if essential is None and accents:
        return sms(told, why, False, segments)
    if essential is None:
        return _cut(" ".join(_said(told, why, keep, _MOST_SUMMARY)), segments)
    for extra in _extras(told):
        longer = f"{essential} {keep(extra)}"
        if size(longer).segments <= max(1, size(essential).segments):
            essential = longer
    return essential


def _essential(told: Facts, why: Why, keep: Keep, segments: int) -> str | None:
    """With as much of the summary as leaves room for all the rest; None if there is no room."""
    for most in range(_MOST_SUMMARY, _LEAST_SUMMARY, -10):
        whole = " ".join([*_said(told, why, keep, most), keep(told.link)]).rstrip()
        if size(whole).segments <= segments:
            return whole
    return None


def _said(told: Facts, why: Why, keep: Keep, most: int) -> list[str]:
    rows, fields = dict(told.rows), told.t.field
    where = rows.get(fields["equipment"], "")
    parts = [
        _head(told, why),
        clipped(told.summary, most),
        f"({told.code})" if told.code else "",
        f"[{clipped(where, 40)}]" if where else "",
        clipped(rows.get(fields["value"], ""), 60),
    ]
    return [kept for kept in map(keep, parts) if kept]


def _head(told: Facts, why: Why) -> str:
    tag = told.t.tag[why].strip()
    more = told.t.more_title.format(count=told.total - 1) if told.total > 1 else ""
    shown = "" if why in {"summary", "maintenance"} else more
    again = f" {told.t.again_short}" if told.again else ""
    return f"{told.severity}{again}{shown}: {tag}".strip()


def _extras(told: Facts) -> list[str]:
    rows = dict(told.rows)
    fields = told.t.field
    found = [text for _, text in told.regulatory[:1]]
    found += [rows[name] for name in (fields["site"], fields["since"]) if name in rows]
    return [one for one in found if one]


def _cut(text: str, segments: int) -> str:
    while size(text).segments > segments:
        text = text[:-1]
    return text.rstrip()


def _packed(lengths: list[int], one: int, part: int, *, gsm: bool) -> Size:
    total = sum(lengths)
    if total <= one:
        return Size(total, min(total, 1), gsm)
    segments, room = 1, part
    for length in lengths:
        if length > room:
            segments, room = segments + 1, part
        room -= length
    return Size(total, segments, gsm)


@lru_cache(maxsize=4096)
def _septets(character: str) -> int | None:
    try:
        return len(_CODEC.encode(character)[0])
    except UnicodeEncodeError:
        return None


def _fold(character: str) -> str:
    if _septets(character) is not None:
        return character
    parts = unicodedata.normalize("NFKD", character)
    kept = "".join(one for one in parts if not unicodedata.combining(one))
    if kept and all(_septets(one) is not None for one in kept):
        return kept
    return "" if unicodedata.category(character)[0] in "SC" else "?"


def _tidy(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
