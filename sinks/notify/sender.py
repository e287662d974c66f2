"""One message to one recipient: who that is, in which words, on which channel."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from plantstream.runtime.logs import get_logger
from schemas.alerts import Notification
from schemas.plant.alerts.channels import PERSONAL, Channel as Settings, address_of
from schemas.plant.alerts.people import Person
from schemas.plant.model import Plant
from sinks.notify.message import (
    Channel,
    Kind,
    Message,
    RefusedError,
    Sent,
    TemporaryError,
    UnknownError,
)
from sinks.notify.words.compose import Wording
from sinks.notify.words.facts import LinkTo, Reader, place_of

_log = get_logger()


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends by the channels of one plant file."""

    plant: Plant
    channels: Mapping[str, Channel]
    people: Mapping[str, Person]
    wording: Wording
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Words take their time: between one message and the next others have their turn."""

    async def send(self, notification: Notification, channel: str, repeated: bool) -> Sent:
        """Hand it over.

        Raises:
            TemporaryError: later it may be taken.
            UnknownError: the plant file knows no such channel, person or address.
            RefusedError: it never will be.
        """
        found = self.channels.get(channel)
        if found is None:
            raise UnknownError(f"the plant file has no channel {channel}")
        settings = self.plant.channels[channel]
        person = self.people.get(notification.recipient)
        address = _address(settings, person, notification.recipient)
        async with self.turn:
            await asyncio.sleep(0)
            message = self._message(found.kind, notification, settings, person, repeated=repeated)
        try:
            return await found.send(message, address)
        except (TemporaryError, RefusedError):
            raise
        except Exception as error:  # noqa: BLE001 - a flaw in one provider's library stops no other message
            _log.exception("sending failed in a way nobody foresaw", channel=channel)
            raise TemporaryError(f"{type(error).__name__}: {error}"[:500], unclear=True) from None

    def _message(
        self,
        kind: Kind,
        notification: Notification,
        settings: Settings,
        person: Person | None,
        *,
        repeated: bool,
    ) -> Message:
        reader, template = (
            reader_of(self.plant, settings, person),
            getattr(settings, "payload", None),
        )
        try:
            return self.wording.message(
                kind, notification, reader, repeated=repeated, template=template
            )
        except Exception as error:  # noqa: BLE001 - what cannot be put into words stops no other message
            _log.exception("no words for a message", notification=notification.id)
            raise RefusedError(f"no words: {type(error).__name__}: {error}"[:500]) from None

    async def close(self) -> None:
        """Close all channels."""
        for one in self.channels.values():
            await one.close()


def reader_of(plant: Plant, settings: Settings, person: Person | None) -> Reader:
    """Who reads what this channel carries: the person it reaches, or whoever is at an endpoint."""
    if person is not None and settings.type in PERSONAL:
        return Reader(person.language, person.time_zone or plant.time_zone, person.accents)
    return Reader(getattr(settings, "language", "en"), plant.time_zone)


def sender_of(
    plant: Plant, channels: Mapping[str, Channel], link: LinkTo, *, answers: bool = True
) -> Sender:
    """The sender of a plant file; without `answers` no message says how it is answered."""
    people = {one.id: one for one in plant.people}
    place = place_of(plant.name, {one.id: one.name for one in plant.people})
    return Sender(plant, channels, people, Wording(place, link, answers))


def _address(settings: Any, person: Person | None, recipient: str) -> str | None:
    if settings.type not in PERSONAL:
        return None
    if person is None:
        raise UnknownError(f"the plant file has no person {recipient}")
    address = address_of(settings, person)
    if address is None:
        raise UnknownError(f"{recipient} has no address for a channel of type {settings.type}")
    return address
