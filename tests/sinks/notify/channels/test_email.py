"""E-mail against aiosmtpd with STARTTLS and AUTH."""

import asyncio

import pytest

from plantstream.embedded.checks import HOST
from plantstream.runtime.errors import MisconfiguredError
from sinks.notify.message import RefusedError, TemporaryError
from tests.sinks.notify.channels.conftest import message
from tests.sinks.notify.channels.mailbox import Mailbox, serving


@pytest.fixture
def mailbox():
    return Mailbox()


@pytest.fixture
def mail(channel, mailbox, tmp_path):
    with serving(mailbox, tmp_path) as port:

        def build(**more):
            wanted = {
                "type": "email",
                "host": HOST,
                "port": port,
                "sender": "plant@plant.example",
                "user": "plant",
                "password": {"env": "SECRET"},
                "ca_file": str(tmp_path / "ca.pem"),
            }
            return channel(**wanted | more)

        yield build


async def test_a_mail_arrives_with_text_and_html(mail, mailbox):
    sent = await mail().send(message("email"), "ana@plant.example")

    (got,) = mailbox.mails
    assert got["Subject"] == "🏭 NINU.MX: El reactor A está demasiado caliente"
    assert mailbox.recipients == ["ana@plant.example"]
    assert got["Message-ID"] == sent.provider_id
    assert "Cierre la válvula" in got.get_body(("plain",)).get_content()
    assert "<h1" in got.get_body(("html",)).get_content()
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["Importance"] == "high"


async def test_mails_of_one_group_are_one_thread(mail, mailbox):
    one = mail()
    for why in ("firing", "repeat", "resolved", "changed"):
        await one.send(message("email", why), "ana@plant.example")

    *same, other = mailbox.mails
    assert len({got["Message-ID"] for got in mailbox.mails}) == 4
    assert len({got["References"] for got in same}) == 1
    assert other["References"] != same[0]["References"]


async def test_a_repeat_bears_the_same_id(mail, mailbox):
    one = mail()
    await one.send(message("email"), "ana@plant.example")
    await one.send(message("email", repeated=True), "ana@plant.example")

    assert len({got["Message-ID"] for got in mailbox.mails}) == 1
    assert "Enviado de nuevo" in mailbox.mails[1].get_body(("plain",)).get_content()


async def test_a_wrong_password_is_for_good(mail, monkeypatch):
    monkeypatch.setenv("SECRET", "wrong-one")

    with pytest.raises(RefusedError, match="535") as caught:
        await mail().send(message("email"), "ana@plant.example")
    assert "wrong-one" not in str(caught.value)


async def test_a_server_that_nobody_vouches_for_gets_no_password(mail, mailbox):
    with pytest.raises(TemporaryError) as caught:
        await mail(ca_file=None).send(message("email"), "ana@plant.example")
    assert not caught.value.unclear
    assert mailbox.mails == []


@pytest.mark.parametrize(
    ("says", "kind"),
    [
        pytest.param(("RCPT", "550 no such user"), RefusedError, id="no such user"),
        pytest.param(("RCPT", "451 greylisted"), TemporaryError, id="greylisted"),
        pytest.param(("DATA", "552 too large"), RefusedError, id="too large"),
        pytest.param(("DATA", "452 no space"), TemporaryError, id="no space"),
    ],
)
async def test_the_servers_class_of_answer_is_the_decision(mail, mailbox, says, kind):
    mailbox.says = says

    with pytest.raises(kind, match=says[1][:3]):
        await mail().send(message("email"), "ana@plant.example")


async def test_a_connection_that_is_cut_after_the_data_leaves_it_unclear(mail, mailbox):
    mailbox.says = "cut"

    with pytest.raises(TemporaryError) as caught:
        await mail().send(message("email"), "ana@plant.example")
    assert caught.value.unclear


async def test_a_server_that_says_nothing_is_given_up(mail):
    async def silent(reader, writer):
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, HOST, 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(TemporaryError) as caught:
            await mail(port=port, timeout="300ms").send(message("email"), "a@plant.example")
    assert not caught.value.unclear


def test_a_certificate_that_is_missing_is_named(mail):
    with pytest.raises(MisconfiguredError, match=r"channels\.one\.ca_file: nowhere\.pem"):
        mail(ca_file="nowhere.pem")
