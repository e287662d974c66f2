"""Somebody who answers once it has come to them: opens the link, reads the page, presses."""

import asyncio
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from html import unescape

from plantstream.runtime.logs import get_logger
from plantstream.simulator.stand_ins.arrivals import Arrival, Arrivals
from plantstream.simulator.stand_ins.spoken import alert_in, link_in, why_of

OPENS_AFTER_S, READS_S = 20.0, 20.0
"""Simulated seconds until the message is opened, and until the page is read."""
TIMEOUT_S = 5.0
TRIES = 5
AGAIN_AFTER_S = 0.5
_NONCE = re.compile(r'name="nonce" value="([^"]+)"')
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """An alert was acknowledged."""

    at: datetime
    """When the button was pressed."""
    to: str
    """Address or number of who did it."""
    alert: bytes
    """As links name it."""


class Answerer:
    """Answers the first escalated message of each alert."""

    def __init__(self, arrivals: Arrivals, speed: float, now: Callable[[], datetime]) -> None:
        self._arrivals, self._speed, self._now = arrivals, speed, now
        self._seen: set[bytes] = set()
        self._answering: set[asyncio.Task[None]] = set()
        self.answers: list[Answer] = []
        self.failed: list[str] = []
        """What did not work, and why."""
        arrivals.listen(self._hear)

    async def close(self) -> None:
        """Whatever is not answered stays so."""
        answering = list(self._answering)
        for task in answering:
            task.cancel()
        await asyncio.gather(*answering, return_exceptions=True)

    def _hear(self, arrival: Arrival) -> None:
        link = link_in(arrival.text)
        if not arrival.to or link is None or why_of(arrival.text) != "escalated":
            return
        alert = alert_in(link)
        if alert not in self._seen:
            self._seen.add(alert)
            task = asyncio.create_task(self._answer(arrival.to, link, alert))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def _answer(self, to: str, link: str, alert: bytes) -> None:
        try:
            await asyncio.sleep(OPENS_AFTER_S / self._speed)
            page = await self._ask(link)
            self._keep("page", page)
            await asyncio.sleep(READS_S / self._speed)
            nonce = _NONCE.search(page)
            if nonce is None:
                self.failed.append(f"{link} shows no button")
                return
            at = self._now()
            form = {"act": "acknowledge", "nonce": unescape(nonce[1])}
            self._keep("page-acknowledged", await self._ask(link, form))
            self.answers.append(Answer(at, to, alert))
        except OSError as error:
            self.failed.append(f"{link}: {error}")

    async def _ask(self, link: str, form: dict[str, str] | None = None) -> str:
        """The page, asked for again while it cannot answer yet."""
        for tries in range(1, TRIES + 1):
            try:
                return await asyncio.to_thread(_fetched, link, form)
            except OSError as error:
                if tries == TRIES:
                    raise
                _log.debug("opening it again", link=link, reason=str(error))
                await asyncio.sleep(AGAIN_AFTER_S)
        raise AssertionError("the last try raises")

    def _keep(self, name: str, page: str) -> None:
        file = self._arrivals.directory / f"{name}-{len(self.answers) + 1}.html"
        file.write_text(page, encoding="utf-8")


def _fetched(link: str, form: dict[str, str] | None) -> str:
    body = None if form is None else urllib.parse.urlencode(form).encode()
    request = urllib.request.Request(link, body)  # noqa: S310 - of a message at our own stand-in
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
        text: str = answer.read().decode("utf-8")
        return text
