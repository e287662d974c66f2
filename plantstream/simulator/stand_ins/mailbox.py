"""A local mailbox: an SMTP server that keeps what it is given."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP

from plantstream.runtime.errors import MisconfiguredError
from plantstream.simulator.stand_ins.arrivals import Arrivals, Kept

HOST = "127.0.0.1"
EMAIL = "email"


@asynccontextmanager
async def mailbox(arrivals: Arrivals, port: int) -> AsyncIterator[int]:
    """The port at which mail is taken; 0 lets the system choose one.

    Raises:
        MisconfiguredError: the port is taken.
    """
    loop, keeper = asyncio.get_running_loop(), _Keeper(arrivals)
    try:
        server = await loop.create_server(
            lambda: SMTP(keeper, hostname="mailbox", loop=loop), HOST, port
        )
    except OSError as error:
        raise MisconfiguredError(
            f"the demo's mailbox cannot listen at {HOST}:{port} ({error.strerror}): "
            "choose another --mail-port"
        ) from None
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


class _Keeper:
    """What aiosmtpd hands over."""

    def __init__(self, arrivals: Arrivals) -> None:
        self._arrivals = arrivals

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802, ARG002 - as aiosmtpd calls it
        """One arrival for each recipient."""
        content: bytes = envelope.content
        mail = message_from_bytes(content, policy=policy.default)
        for to in envelope.rcpt_tos:
            self._arrivals.add(EMAIL, to, text_of(mail), Kept("eml", content))
        return "250 kept"


def text_of(mail: EmailMessage) -> str:
    """Subject and plain text."""
    body = mail.get_body(("plain",))
    text = "" if body is None else body.get_content()
    return f"{mail['Subject']}\n\n{text}"
