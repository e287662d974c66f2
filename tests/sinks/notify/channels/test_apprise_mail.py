"""Apprise's own mail against a local server."""

import pytest
from aiosmtpd.controller import Controller

from plantstream.embedded.checks import HOST
from tests.parts import free_port
from tests.sinks.notify.channels.conftest import message
from tests.sinks.notify.channels.mailbox import Mailbox


@pytest.fixture
def mailbox():
    made = Mailbox()
    controller = Controller(made, hostname=HOST, port=free_port())
    controller.start()
    yield made, controller.port
    controller.stop()


async def test_apprise_mails_by_its_mailto_schema(channel, mailbox, monkeypatch):
    kept, port = mailbox
    query = f"smtp={HOST}&from=plant@plant.example&to=ana@plant.example&mode=insecure"
    monkeypatch.setenv("URL", f"mailto://{HOST}:{port}?{query}")
    await channel(type="apprise", url={"env": "URL"}).send(message("apprise"), None)

    (got,) = kept.mails
    assert kept.recipients == ["ana@plant.example"]
    assert "NINU.MX" in got["Subject"]
