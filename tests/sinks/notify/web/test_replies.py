"""What people type at night is understood, and what is no answer is none."""

from datetime import timedelta

import pytest

from sinks.notify.codes import code_of
from sinks.notify.web.acts import ACKNOWLEDGE, UNACKNOWLEDGE, snooze
from sinks.notify.web.replies import Reply, canonical, read_reply, sender_of
from tests.sinks.notify.web.kit import ANA, alert, plant

CODE = code_of(alert().alert_id())


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        pytest.param("ok", Reply(ACKNOWLEDGE), id="ok"),
        pytest.param(" OK! ", Reply(ACKNOWLEDGE), id="with noise"),
        pytest.param("ack", Reply(ACKNOWLEDGE), id="ack"),
        pytest.param("si", Reply(ACKNOWLEDGE), id="si"),
        pytest.param("¡Sí!", Reply(ACKNOWLEDGE), id="with accents"),
        pytest.param("Recibido.", Reply(ACKNOWLEDGE), id="recibido"),
        pytest.param(f"ok {CODE}", Reply(ACKNOWLEDGE, CODE), id="with a code"),
        pytest.param(f"Sí, {CODE.lower()}", Reply(ACKNOWLEDGE, CODE), id="a code in small letters"),
        pytest.param("unack", Reply(UNACKNOWLEDGE), id="unack"),
        pytest.param(f"unack {CODE}", Reply(UNACKNOWLEDGE, CODE), id="unack with a code"),
        pytest.param("snooze 30m", Reply(snooze(timedelta(minutes=30))), id="snooze"),
        pytest.param("Snooze 2 h", Reply(snooze(timedelta(hours=2))), id="hours"),
        pytest.param("snooze", Reply(snooze(timedelta(minutes=30))), id="snooze for a while"),
        pytest.param("posponer 1 hora", Reply(snooze(timedelta(hours=1))), id="posponer"),
        pytest.param(
            f"snooze 30m {CODE}", Reply(snooze(timedelta(minutes=30)), CODE), id="all of it"
        ),
        pytest.param(
            "snooze 9999h", Reply(snooze(timedelta(days=7))), id="a week at the very most"
        ),
        pytest.param("", None, id="nothing"),
        pytest.param("okra", None, id="another word"),
        pytest.param("ok but who are you", None, id="a question"),
        pytest.param("no", None, id="no"),
        pytest.param("ok " + "x" * 500, None, id="a novel"),
        pytest.param("\0\n\t", None, id="control characters"),
    ],
)
def test_a_text_is_read(text, reply):
    assert read_reply(text) == reply


@pytest.mark.parametrize("number", [ANA, "+5212281234567", "52 1 228 123 4567", f"whatsapp:{ANA}"])
def test_a_number_is_known_however_a_provider_writes_it(number):
    person = sender_of(plant().plant, number)

    assert person is not None
    assert person.id == "ana"


@pytest.mark.parametrize("number", ["", "+", "+522281234568", "+15005550006", "ana"])
def test_an_unknown_number_is_nobodys(number):
    assert sender_of(plant().plant, number) is None


def test_argentina_writes_mobiles_in_two_ways():
    assert canonical("+5491112345678") == canonical("+541112345678")
