"""The plant file in force, and all that is built of it: channels, words, secrets of providers."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.logs import get_logger
from plantstream.runtime.secrets import read_secret
from schemas.alerts import Notification
from schemas.plant.load import PlantFile
from schemas.plant.model import Plant
from sinks.notify.message import Message, NotYetKnownError, RefusedError, Sent, UnknownError
from sinks.notify.registry import Means, build_channels
from sinks.notify.sender import Sender, sender_of
from sinks.notify.web.links import Links
from sinks.notify.web.office import ChannelSecrets
from sinks.notify.web.serve import channel_secrets, link_to
from sinks.notify.web.twilio import STATUSES

MOST_VERSIONS = 1_000
"""Of plant files that others have replaced since the start."""
_log = get_logger(__name__)
Now = Callable[[], datetime]


@dataclass(eq=False, slots=True)
class _Equipment:
    """What was built of one plant file."""

    file: PlantFile
    sender: Sender
    secrets: Mapping[str, ChannelSecrets]
    under_way: int = 0
    idle: asyncio.Event = field(default_factory=asyncio.Event)


class Desk:
    """Sends by the channels in force; those of before are closed once nothing is under way there.

    Whoever decides on messages may go by a later plant file, or by one that cannot be used here:
    what is not known is refused only where no file to come can know it.

    Raises:
        MisconfiguredError: a secret or a certificate of the plant file cannot be read, or a
            library is missing.
    """

    def __init__(self, file: PlantFile, means: Means, links: Links, now: Now) -> None:
        self._means, self._links, self._now = means, links, now
        self._used = self._built(file)
        self._given = file.version
        self._replaced: deque[str] = deque(maxlen=MOST_VERSIONS)
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def file(self) -> PlantFile:
        """The plant file in force."""
        return self._used.file

    @property
    def secrets(self) -> Mapping[str, ChannelSecrets]:
        """What providers sign with, by channel."""
        return self._used.secrets

    @property
    def most_per_s(self) -> Mapping[str, float]:
        """Messages by channel."""
        return {name: one.most_per_s for name, one in self.file.plant.channels.items()}

    def use(self, file: PlantFile) -> bool:
        """From here on messages go by this plant file; False if it cannot be used."""
        known = (one for one in (*self._replaced, self._given) if one != file.version)
        self._replaced, self._given = deque(known, maxlen=MOST_VERSIONS), file.version
        try:
            built = self._built(file)
        except MisconfiguredError as error:
            told = "messages go by the plant file of before: mend it and apply it again"
            _log.error(told, version=file.version, reason=str(error))
            return False
        before, self._used = self._used, built
        task = asyncio.create_task(_close(before), name="channels of before")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        return True

    async def send(self, notification: Notification, channel: str, repeated: bool) -> Sent:
        """Hand it over.

        Raises:
            NotYetKnownError: a plant file that is not in force here may know where it goes.
            TemporaryError: later it may be taken.
            RefusedError: it never will be.
        """
        used = self._used
        used.under_way += 1
        try:
            return await used.sender.send(notification, channel, repeated)
        except UnknownError as error:
            version = notification.plant_version
            if version == used.file.version or version in self._replaced:
                raise
            raise NotYetKnownError(f"{error} ({used.file.version}, needed {version})") from None
        finally:
            used.under_way -= 1
            used.idle.set()

    async def answer(self, channel: str, number: str, text: str) -> None:
        """Say something to somebody who has just written to us.

        Raises:
            TemporaryError: the provider does not take it now.
            RefusedError: it never will.
        """
        found = self._used.sender.channels.get(channel)
        if found is None:
            raise RefusedError(f"the plant file has no channel {channel}")
        await found.send(_answer(text, self._now()), number)

    async def close(self) -> None:
        """Close all channels, whatever is under way."""
        for task in self._closing:
            task.cancel()
        await self._used.sender.close()

    def _built(self, file: PlantFile) -> _Equipment:
        plant = file.plant
        means = Means(self._means.session, self._means.is_open, status_url_of(plant))
        channels = build_channels(plant.channels, means)
        sender = sender_of(plant, channels, link_to(self._links, plant, self._now))
        return _Equipment(file, sender, channel_secrets(plant.channels, read_secret))


def status_url_of(plant: Plant) -> Callable[[str], str | None]:
    """Where Twilio reports what became of a channel's messages: where its signature is checked."""
    outside = plant.alerts.external_url if plant.alerts else None

    def of(channel: str) -> str | None:
        return outside and outside.rstrip("/") + STATUSES.format(channel=channel)

    return of


async def _close(before: _Equipment) -> None:
    while before.under_way:
        before.idle.clear()
        await before.idle.wait()
    await before.sender.close()


def _answer(text: str, at: datetime) -> Message:
    return Message(
        id="answer",
        group="answer",
        why="reminder",
        severity="info",
        at=at,
        language="en",
        title=text,
        text=text,
    )
