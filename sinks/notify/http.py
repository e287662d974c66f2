"""One request to a provider over the shared session; its answer becomes the decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Any

import aiohttp

from plantstream.runtime import clock
from sinks.notify.message import RefusedError, TemporaryError

AGENT = f"plantstream/{version('plantstream')}"
"""Who we say we are; Meta's specification wants a name and three numbers."""
_TOO_MANY, _TOO_EARLY, _TIMED_OUT, _SERVER = 429, 425, 408, 500
_LONGEST_DETAIL = 500
_MOST_ANSWER_BYTES = 65_536
_LONGEST_RETRY_AFTER_S = 3600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    text: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Poster:
    """Speaks to one provider."""

    session: aiohttp.ClientSession
    timeout_s: float

    async def post(self, url: str, **request: Any) -> Answer:
        """Send it; the arguments are aiohttp's.

        Raises:
            TemporaryError: 408, 425, 429, 5xx, or no answer; then it is unclear what became of it
                unless no connection came about.
            RefusedError: any other answer that is no success.
        """
        answer = await self.ask("POST", url, **request)
        check(answer)
        return answer

    async def ask(self, method: str, url: str, **request: Any) -> Answer:
        """Send it and give the answer, whatever it says."""
        limit = aiohttp.ClientTimeout(total=self.timeout_s)
        request["headers"] = {"User-Agent": AGENT, **request.get("headers", {})}
        try:
            async with self.session.request(
                method, url, timeout=limit, allow_redirects=False, **request
            ) as response:
                body = await response.content.read(_MOST_ANSWER_BYTES)
                text = body.decode(errors="replace")
                return Answer(response.status, text, response.headers)
        except aiohttp.ClientConnectorError as error:
            raise TemporaryError(f"no connection: {_told(error)}") from None
        except TimeoutError:
            told = f"no answer within {self.timeout_s:g} s"
            raise TemporaryError(told, unclear=True) from None
        except aiohttp.ClientError as error:
            raise TemporaryError(f"no whole answer: {_told(error)}", unclear=True) from None


def check(answer: Answer) -> None:
    """Nothing, if the provider took it.

    Raises:
        TemporaryError: later it may.
        RefusedError: it never will.
    """
    status = answer.status
    if 200 <= status < 300:  # noqa: PLR2004 - the class of HTTP codes that are successes
        return
    told = f"HTTP {status}: {' '.join(answer.text.split())}"[:_LONGEST_DETAIL]
    if status >= _SERVER or status in {_TOO_MANY, _TOO_EARLY, _TIMED_OUT}:
        raise TemporaryError(told, retry_after(answer.headers.get("Retry-After"), clock.now()))
    raise RefusedError(told)


def retry_after(given: str | None, now: datetime) -> float | None:
    """The seconds that a `Retry-After` asks for; it holds seconds or a date."""
    if given is None:
        return None
    try:
        seconds = float(given)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(given) - now).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER_S) if seconds == seconds else None  # noqa: PLR0124 - nan


def _told(error: aiohttp.ClientError) -> str:
    """Without the address, whose path may be a secret."""
    reason = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    return getattr(reason, "strerror", None) or type(reason).__name__
