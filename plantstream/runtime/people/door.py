"""Where a login, a password and a code are shown: who it is, or why nobody is let in."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.people.attempts import Attempts, failed, locked_s, succeeded
from plantstream.runtime.people.factors import fits, step_of
from plantstream.runtime.people.file import PeopleFile, Person
from plantstream.runtime.private_file import replace_file

FILE = "signing-attempts.json"
MOST_STRANGERS = 1_000
"""Logins that nobody has, of which attempts are remembered."""

Reason = Literal["unknown", "disabled", "password", "code", "code_used", "locked"]


class NotLetInError(Exception):
    """Nobody is let in. The reason is for the audit trail: who asks is told less."""

    def __init__(self, reason: Reason, wait_s: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody shows."""

    login: str
    password: str
    code: str


class Door:
    """Blocks for the tenth of a second that a password takes: call it off the event loop.

    Attempts are on disk before anybody is answered, so neither a restart nor a second process
    gives more of them, and no code is taken twice.
    """

    def __init__(self, people: PeopleFile, attempts: Path) -> None:
        self._people, self._path = people, attempts
        self._strangers: dict[str, Attempts] = {}

    def enter(self, shown: Shown, now: datetime) -> Person:
        """The person.

        Raises:
            NotLetInError: something does not fit, or it was tried too often.
            MisconfiguredError: a file cannot be read or written.
        """
        with self._locked():
            known = self._attempts()
            person = self._people.find(shown.login)
            attempts = (known if person else self._strangers).get(shown.login, Attempts())
            wait_s = locked_s(attempts, now)
            if wait_s:
                raise NotLetInError("locked", wait_s)
            reason, step = _judged(person, shown, attempts, now)
            after = failed(attempts, now) if reason else succeeded(step)
            if person is None:
                self._remember_stranger(shown.login, after)
            else:
                self._write(known | {shown.login: after})
            if person is None or reason:
                raise NotLetInError(reason or "unknown", locked_s(after, now))
            return person

    def _remember_stranger(self, login: str, attempts: Attempts) -> None:
        self._strangers.pop(login, None)
        self._strangers[login] = attempts
        if len(self._strangers) > MOST_STRANGERS:
            del self._strangers[next(iter(self._strangers))]

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.with_suffix(".lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise MisconfiguredError(f"{self._path} cannot be had: {error.strerror}") from error

    def _attempts(self) -> dict[str, Attempts]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            return {login: _read(row) for login, row in found.items()}
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise MisconfiguredError(f"{self._path} is no file of attempts: restore it") from None

    def _write(self, attempts: dict[str, Attempts]) -> None:
        rows = {
            login: {
                "failures": one.failures,
                "last_step": one.last_step,
                "locked_until": one.locked_until and one.locked_until.isoformat(),
            }
            for login, one in attempts.items()
        }
        replace_file(self._path, json.dumps(rows, indent=2) + "\n")


def _judged(
    person: Person | None, shown: Shown, attempts: Attempts, now: datetime
) -> tuple[Reason | None, int]:
    """Why not, and the step of the code; it takes as long whoever it is."""
    right = fits(shown.password, person.password if person else None)
    if person is None:
        return "unknown", -1
    step = step_of(person.secret, shown.code, now)
    if person.disabled:
        return "disabled", -1
    if not right:
        return "password", -1
    if step is None:
        return "code", -1
    return ("code_used", -1) if step <= attempts.last_step else (None, step)


def _read(row: dict[str, object]) -> Attempts:
    until = row["locked_until"]
    return Attempts(
        int(str(row["failures"])),
        int(str(row["last_step"])),
        datetime.fromisoformat(str(until)) if until else None,
    )
