"""Says what people state, by HTTP, as a tablet would: again and again until it is taken."""

import asyncio
import json
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import pyotp

from plantstream.runtime import clock
from plantstream.runtime.logs import get_logger
from plantstream.simulator.crew import Saying
from plantstream.simulator.laboratory import CODE_S
from plantstream.simulator.ledger import SaidEntry

TIMEOUT_S = 5.0
AGAIN_AFTER_S = 0.5
LATER = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Signer:
    """What somebody signs with."""

    password: str
    secret: str
    """Of the authenticator, base32."""


class AgainError(Exception):
    """It was not taken now; it may be later."""


class RefusedError(Exception):
    """It was not taken, and never will be."""


class Voice:
    """Sends statements to a laboratory's input, with each author's own token."""

    def __init__(
        self,
        url: str,
        tokens: Mapping[str, str],
        signers: Mapping[str, Signer] | None = None,
        site: str = "",
    ) -> None:
        self._url, self._site = url, site
        self._tokens, self._signers = tokens, signers or {}
        self._sending: set[asyncio.Task[None]] = set()
        self._turns: deque[SaidEntry] = deque()
        self._stating: asyncio.Task[None] | None = None
        self._signatures: dict[str, Any] = {}
        self._codes: dict[str, int] = {}
        self.statements: dict[str, str] = {}
        """By the id that the laboratory gave: what the edge calls it."""
        self.refused: list[str] = []
        """What was not taken, with the answer."""

    def say(self, saying: Saying) -> None:
        """Begin to send it."""
        self._begin(self._until_taken(saying.entry))

    def state(self, entry: SaidEntry) -> None:
        """Send it after all that was stated before."""
        self._turns.append(entry)
        if self._stating is None or self._stating.done():
            self._stating = self._begin(self._state_all())

    async def all_stated(self, within_s: float) -> None:
        """Return once everything was sent, or when the time is over."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=within_s)

    async def answer(self, name: str) -> bool | None:
        """Whether the stream has accepted the statement that the laboratory called so."""
        path = f"/v1/events/{self.statements.get(name, name)}"
        token = next(iter(self._tokens.values()))
        try:
            found = await asyncio.to_thread(self._ask, path, token)
        except (AgainError, RefusedError):
            return None
        return None if "answer" not in found else bool(found["answer"] == "accepted")

    async def close(self) -> None:
        """Stop sending."""
        sending = list(self._sending)
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        return task

    async def _state_all(self) -> None:
        while self._turns:
            await self._until_taken(self._turns.popleft())

    async def _until_taken(self, entry: SaidEntry) -> None:
        while True:
            try:
                statement = await asyncio.to_thread(self._send, entry)
            except AgainError as error:
                _log.debug("saying it again", reason=str(error))
                await asyncio.sleep(AGAIN_AFTER_S)
            except RefusedError as error:
                self.refused.append(f"{dict(entry.statement)}: {error}")
                return
            else:
                self.statements[entry.statement["id"]] = statement
                return

    def _send(self, entry: SaidEntry) -> str:
        token = self._tokens[entry.by]
        said = named(entry.statement, self.statements, self._site)
        if entry.meaning:
            said["signature"] = self._signature(entry, said, token)
        return str(self._ask("/v1/events", token, said)["statement"])

    def _signature(self, entry: SaidEntry, said: Mapping[str, Any], token: str) -> Any:
        """Made once: a code is taken once."""
        name = entry.statement["id"]
        if name not in self._signatures:
            self._signatures[name] = self._sign(entry, said, token)
        return self._signatures[name]

    def _sign(self, entry: SaidEntry, said: Mapping[str, Any], token: str) -> Any:
        signer, now = self._signers[entry.by], clock.now()
        code = int(now.timestamp()) // CODE_S
        if self._codes.get(entry.by) == code:
            raise AgainError(f"{entry.by} waits for the next code")
        self._codes[entry.by] = code
        shown = {
            "login": entry.by,
            "password": signer.password,
            "code": pyotp.TOTP(signer.secret).at(now),
            "meaning": entry.meaning,
        }
        content = {name: value for name, value in said.items() if name != "id"}
        return self._ask("/v1/sign", token, {**shown, "content": content})

    def _ask(self, path: str, token: str, said: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The answer to a POST of what is said, or to a GET."""
        body = None if said is None else json.dumps(said).encode()
        headers = {"Authorization": f"Bearer {token}"}
        request = urllib.request.Request(self._url + path, body, headers)  # noqa: S310 - loopback
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
                told: dict[str, Any] = json.loads(answer.read())
                return told
        except urllib.error.HTTPError as error:
            if error.code in LATER:
                raise AgainError(str(error)) from error
            words = error.read(1000).decode("utf-8", "replace")
            raise RefusedError(f"{error}: {words}") from error
        except OSError as error:
            raise AgainError(str(error)) from error


def named(statement: Mapping[str, Any], statements: Mapping[str, str], site: str) -> dict[str, Any]:
    """The statement, what it speaks of named as the edge and the engine do.

    `statements` has the edge's ids by those of the laboratory.
    """
    said = dict(statement)
    if "corrects" in said:
        said["corrects"] = statements.get(said["corrects"], said["corrects"])
    if "deviation" in said:
        result = statements.get(said["deviation"], said["deviation"])
        of = ("", site, said["product"], "deviation", "out_of_specification", result)
        said["deviation"] = "|".join(of)
    return said
