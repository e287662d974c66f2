"""The page can be read: contrast, sizes, clocks, and severity for who sees no colours."""

import re
from datetime import timedelta
from importlib.resources import files
from typing import get_args

import pytest

from schemas.alerts import Severity
from sinks.notify.web.board import Standing
from sinks.notify.web.links import recipient_digest
from sinks.notify.web.moments import reader_of
from sinks.notify.web.page import alert_page
from sinks.notify.web.view import Countdown, View, view_of, written_span
from tests.sinks.notify.web.kit import NOW, alert, plant, status

CSS = (files("sinks.notify.web") / "templates" / "page.css").read_text(encoding="utf-8")
LIGHT, DARK = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)[:2]
PAIRS = [
    ("ink", "paper"),
    ("soft", "paper"),
    ("ink", "card"),
    ("button", "paper"),
    ("on-button", "button"),
    ("good", "good-paper"),
    ("on-critical", "critical"),
    ("on-warning", "warning"),
    ("on-info", "info"),
]
AA = 4.5


def colours(*blocks: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for block in blocks:
        found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block))
    return found


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    digits = colour.lstrip("#")
    whole = digits if len(digits) == 6 else "".join(one * 2 for one in digits)
    parts = [int(whole[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("pair", PAIRS, ids="-on-".join)
@pytest.mark.parametrize("blocks", [(LIGHT,), (LIGHT, DARK)], ids=["light", "dark"])
def test_every_text_has_the_contrast_of_aa(blocks, pair):
    known = colours(*blocks)
    dark, light = sorted(luminance(known[one]) for one in pair)

    assert (light + 0.05) / (dark + 0.05) >= AA


def test_the_button_is_large_enough_for_a_thumb():
    rem = 16 * float(re.search(r"font: ([\d.]+)%", CSS)[1]) / 100  # type: ignore[index]
    heights = [float(one) * rem for one in re.findall(r"min-height: ([\d.]+)rem", CSS)]

    assert heights
    assert min(heights) >= 48


def view(severity: Severity = "critical", language: str = "ana", **more: object) -> View:
    reader = reader_of(plant().plant, recipient_digest(language))
    assert reader is not None
    known = status(alert(severity=severity), **more)
    return view_of(Standing(known), reader, plant().plant, NOW, NOW + timedelta(hours=1))


@pytest.mark.parametrize("reader", ["ana", "luis"])
def test_each_severity_has_a_word_and_a_shape_of_its_own(reader):
    pages = [bytes(alert_page(view(one, reader), "n").body).decode() for one in get_args(Severity)]

    words = {re.search(r"<strong>(.*?)</strong>", page)[1] for page in pages}  # type: ignore[index]
    shapes = {re.search(r"<path d=\"(.*?)\"", page)[1] for page in pages}  # type: ignore[index]
    assert len(words) == len(shapes) == 3


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "00:00"), (59, "00:59"), (192, "03:12"), (3600, "1:00:00")]
)
def test_a_span_is_written_in_minutes_and_seconds(seconds, text):
    assert written_span(seconds) == text


@pytest.mark.parametrize("seconds", [1, 59, 60, 61, 192, 3599, 3600, 3725, 400_000])
def test_both_counters_of_a_countdown_stop_at_its_end(seconds):
    clock = Countdown(seconds)

    assert clock.minute_rounds * 60 - clock.minute_passed == seconds
    assert clock.long_rounds * 360_000 - clock.long_passed == seconds


@pytest.mark.parametrize(("seconds", "text"), [(0, "00:00"), (192, "03:12"), (3725, "62:05")])
def test_a_countdown_is_written_in_minutes_and_seconds(seconds, text):
    assert Countdown(seconds).text == text


def test_without_a_next_step_nobody_is_said_to_be_called():
    page = bytes(alert_page(view(escalates_at=None, escalates_to=()), "n").body).decode()

    assert "No se llamará a nadie más." in page


def test_who_is_due_to_be_called_is_still_named():
    page = bytes(alert_page(view(escalates_at=NOW), "n").body).decode()

    assert "<strong>Luis Gómez</strong> en <b><i>00:00</i></b>" in page
