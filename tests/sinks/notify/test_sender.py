"""Who is told on which channel: the plant file decides, and what it lacks is refused clearly."""

import asyncio
from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter

from schemas.plant.alerts.channels import Channel as Settings
from schemas.plant.alerts.people import Person
from schemas.plant.model import Plant
from sinks.notify.message import Kind, Message, RefusedError, Sent, TemporaryError
from sinks.notify.sender import sender_of
from tests.sinks.notify.notifications import link, notification

_SETTINGS = {
    "mail": {"type": "email", "host": "h", "sender": "plant@plant.example"},
    "sms": {"type": "sns", "region": "r"},
    "hook": {"type": "webhook", "url": "http://h", "payload": "{{ summary }}", "language": "es"},
    "gone": {"type": "sns", "region": "r"},
}
ANA = Person(
    id="ana", name="Ana", language="es", time_zone="Europe/Madrid", email="ana@plant.example"
)
PLANT = Plant.model_construct(
    name="Ninu.mx - Xalapa",
    time_zone="America/Mexico_City",
    people=[ANA],
    channels=TypeAdapter(dict[str, Settings]).validate_python(_SETTINGS),
)


class Recorder:
    """A channel that keeps what it is given."""

    def __init__(self, kind: Kind, failure: Exception | None = None) -> None:
        self.kind, self.failure = kind, failure
        self.got: list[tuple[Message, str | None]] = []
        self.closed = False

    async def send(self, message: Message, address: str | None) -> Sent:
        if self.failure is not None:
            raise self.failure
        self.got.append((message, address))
        return Sent("1")

    async def close(self) -> None:
        self.closed = True


def sender(**channels: Recorder):
    return sender_of(PLANT, channels, link)


async def test_a_person_is_told_at_her_address_in_her_language_and_zone():
    mail = Recorder(Kind.EMAIL)
    await sender(mail=mail).send(notification(), "mail", False)

    ((message, address),) = mail.got
    assert address == "ana@plant.example"
    assert message.title == "🏭 NINU.MX: El reactor A está demasiado caliente"
    assert "15:04:42" in message.text


async def test_an_endpoint_has_its_own_language_and_body_and_no_address():
    hook = Recorder(Kind.WEBHOOK)
    await sender(hook=hook).send(notification(recipient="hook"), "hook", True)

    ((message, address),) = hook.got
    assert address is None
    assert message.repeated
    assert message.text == "El reactor A está demasiado caliente"


async def test_what_cannot_be_put_into_words_is_refused_and_stops_nothing_else():
    mail, last = Recorder(Kind.EMAIL), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    told = notification()
    alerts = [one.model_copy(update={"starts_at": last, "at": last}) for one in told.alerts]
    with pytest.raises(RefusedError, match="no words"):
        await sender(mail=mail).send(
            told.model_copy(update={"alerts": tuple(alerts)}), "mail", False
        )
    await sender(mail=mail).send(told, "mail", False)

    assert len(mail.got) == 1


@pytest.mark.parametrize(
    ("channel", "recipient", "said"),
    [
        pytest.param("none", "ana", "no channel none", id="no such channel"),
        pytest.param("mail", "eva", "no person eva", id="no such person"),
        pytest.param("sms", "ana", "ana has no address", id="no number"),
    ],
)
async def test_what_the_plant_file_lacks_is_refused(channel, recipient, said):
    one = sender(mail=Recorder(Kind.EMAIL), sms=Recorder(Kind.SMS))

    with pytest.raises(RefusedError, match=said):
        await one.send(notification(recipient=recipient), channel, False)


async def test_a_flaw_that_nobody_foresaw_is_tried_again_and_stops_no_other_message():
    one = sender(mail=Recorder(Kind.EMAIL, ValueError("odd")))

    with pytest.raises(TemporaryError, match="ValueError: odd") as caught:
        await one.send(notification(), "mail", False)
    assert caught.value.unclear


async def test_every_channel_is_closed():
    mail, sms = Recorder(Kind.EMAIL), Recorder(Kind.SMS)
    await sender(mail=mail, sms=sms).close()

    assert mail.closed
    assert sms.closed


async def test_while_many_messages_are_put_into_words_everybody_else_has_turns():
    turns = 0
    seen: list[int] = []

    class Watcher(Recorder):
        async def send(self, message: Message, address: str | None) -> Sent:
            seen.append(turns)
            return await super().send(message, address)

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    many = sender(mail=Watcher(Kind.EMAIL))
    watching = asyncio.create_task(others())
    await asyncio.gather(*(many.send(notification(n), "mail", False) for n in range(20)))
    watching.cancel()

    assert len(set(seen)) == len(seen) == 20
