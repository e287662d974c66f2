"""Everything else that Apprise knows; it says only whether it went well."""

import asyncio
from dataclasses import dataclass

import apprise

from plantstream.runtime.errors import MisconfiguredError
from sinks.notify.message import Kind, Message, Sent, TemporaryError

_TYPES = {
    "info": apprise.NotifyType.INFO,
    "warning": apprise.NotifyType.WARNING,
    "critical": apprise.NotifyType.FAILURE,
}


@dataclass(frozen=True, slots=True)
class AppriseSender:
    """One address in Apprise's own way of writing."""

    client: apprise.Apprise
    timeout_s: float
    kind: Kind = Kind.APPRISE

    async def send(self, message: Message, address: str | None) -> Sent:  # noqa: ARG002 - the URL is the address
        """Give it to Apprise, which has no id and no reason for us."""
        kind = apprise.NotifyType.SUCCESS if message.over else _TYPES[message.severity]
        try:
            async with asyncio.timeout(self.timeout_s):
                went_well = await self.client.async_notify(
                    body=message.text,
                    title=message.title,
                    notify_type=kind,
                    body_format=apprise.NotifyFormat.TEXT,
                )
        except TimeoutError:
            told = f"no answer within {self.timeout_s:g} s"
            raise TemporaryError(told, unclear=True) from None
        if not went_well:
            raise TemporaryError("Apprise says only that it failed; its log may say why")
        return Sent()

    async def close(self) -> None:
        """Nothing is kept open."""


def apprise_sender(url: str, timeout_s: float, where: str) -> AppriseSender:
    """The channel of this address.

    Raises:
        MisconfiguredError: Apprise cannot read it.
    """
    client = apprise.Apprise()
    if not client.add(url):
        raise MisconfiguredError(f"{where}.url: Apprise cannot read the address; see its manual.")
    return AppriseSender(client, timeout_s)
