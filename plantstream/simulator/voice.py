"""Says what people state, by HTTP, as a tablet would: again and again until it is taken."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from http import HTTPStatus

import structlog

from plantstream.simulator.crew import Saying

TIMEOUT_S = 5.0
AGAIN_AFTER_S = 0.5
LATER = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})

_log = structlog.get_logger(__name__)


class Voice:
    """Sends statements to a laboratory's input, with each author's own token."""

    def __init__(self, url: str, tokens: Mapping[str, str]) -> None:
        self._url = f"{url}/v1/events"
        self._tokens = tokens
        self._sending: set[asyncio.Task[None]] = set()
        self.refused: list[str] = []
        """What was not taken, with the answer."""

    def say(self, saying: Saying) -> None:
        """Begin to send it."""
        task = asyncio.create_task(self._say(saying))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def close(self) -> None:
        """Stop sending."""
        sending = list(self._sending)
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)

    async def _say(self, saying: Saying) -> None:
        while (answer := await asyncio.to_thread(self._post, saying)) is not None:
            await asyncio.sleep(AGAIN_AFTER_S)
            _log.debug("saying it again", reason=answer)

    def _post(self, saying: Saying) -> str | None:
        """None once it was answered for good, else why it has to be said again."""
        request = urllib.request.Request(  # noqa: S310 - loopback
            self._url,
            json.dumps(saying.entry.statement).encode(),
            {"Authorization": f"Bearer {self._tokens[saying.entry.by]}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S):  # noqa: S310
                return None
        except urllib.error.HTTPError as error:
            if error.code in LATER:
                return str(error)
            told = error.read(1000).decode("utf-8", "replace")
            self.refused.append(f"{saying.entry.statement}: {error}: {told}")
            return None
        except OSError as error:
            return str(error)
