"""SMS: segments as the network counts them, and the essential in the first."""

import unicodedata

import pytest
from hypothesis import given, strategies as st

from schemas.alerts import Words
from sinks.notify.message import Kind
from sinks.notify.words.compose import Wording
from sinks.notify.words.facts import Reader
from sinks.notify.words.sms import folded, size
from tests.sinks.notify.notifications import PLACE, hot, link, notification


def sms(text="Hot", accents=False, link_to=link, **more):
    alert = hot(words={"es": Words(summary=text)})
    reader = Reader("es", "America/Mexico_City", accents)
    told = notification(alerts=(alert,), **more)
    return Wording(PLACE, link_to).message(Kind.SMS, told, reader).text


@pytest.mark.parametrize(
    ("text", "units", "segments", "gsm"),
    [
        pytest.param("", 0, 0, True, id="nothing"),
        pytest.param("a" * 160, 160, 1, True, id="160 septets"),
        pytest.param("a" * 161, 161, 2, True, id="161 septets"),
        pytest.param("a" * 306, 306, 2, True, id="306 septets"),
        pytest.param("a" * 307, 307, 3, True, id="307 septets"),
        pytest.param("ñé¿" * 53, 159, 1, True, id="Spanish letters of GSM-7"),
        pytest.param("€" * 80, 160, 1, True, id="two septets each"),
        pytest.param("a" * 152 + "€" + "a" * 152, 306, 3, True, id="no sign is split"),
        pytest.param("í" * 70, 70, 1, False, id="70 units"),
        pytest.param("í" * 71, 71, 2, False, id="71 units"),
        pytest.param("😀" * 35, 70, 1, False, id="pairs"),
        pytest.param("a" * 66 + "😀" + "a" * 66, 134, 3, False, id="no pair is split"),
    ],
)
def test_size(text, units, segments, gsm):
    got = size(text)

    assert (got.units, got.segments, got.gsm) == (units, segments, gsm)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("válvula í ó ú Á", "valvula i o u A", id="what GSM-7 lacks is folded"),
        pytest.param("señal é ¿qué?", "señal é ¿qué?", id="what it has stays"),
        pytest.param("96 °C ≥ 95 °C", "96 C >= 95 C", id="signs are spelled"),
        pytest.param("🏭 hot", "hot", id="pictures go"),
        pytest.param("“x” — y…", '"x" - y...', id="typography"),
        pytest.param("温度", "??", id="other scripts"),
    ],
)
def test_folded(text, said):
    assert folded(text) == said


@given(st.text())
def test_what_is_folded_is_always_gsm(text):
    assert size(folded(text)).gsm


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=2000), st.booleans())
def test_a_message_never_takes_more_than_two_segments(text, accents):
    said = sms(text, accents)

    assert size(said).segments <= 2
    assert link(hot(), "ana") in said
    assert unicodedata.normalize("NFKD", said).startswith("CRI")


def test_accents_stay_for_those_who_keep_them():
    assert "válvula" in sms("válvula", accents=True)
    assert "valvula" in sms("válvula")


def test_accents_go_where_they_would_cost_the_link():
    long = "https://plant.example/a/" + "x" * 110
    said = sms("válvula", accents=True, link_to=lambda *_: long)

    assert "valvula" in said
    assert long in said


def test_the_essential_comes_first():
    said = sms("El reactor A está caliente")

    order = ["CRITICA", "El reactor A", "[reactor-a]", "1,096.25 C", "https://", "Ninu.mx"]
    places = [said.index(one) for one in order]
    assert places == sorted(places)


def test_a_long_summary_is_cut_and_the_value_and_the_link_are_not():
    said = sms("muy largo " * 100)

    assert "..." in said
    assert "1,096.25 C (limite 95 C)" in said
    assert said.count("https://") == 1


def test_a_link_that_leaves_no_room_is_left_out():
    said = sms("Hot", link_to=lambda *_: "https://plant.example/" + "x" * 400)

    assert "https" not in said
    assert "CRITICA: Hot" in said
