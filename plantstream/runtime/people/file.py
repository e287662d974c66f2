"""The file of the people who may sign; changes count at once."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.private_file import replace_file

FILE = "people.json"
"""In the data directory of the edge at which people sign."""
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{0,99}")
_ROLE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_MOST_NAME = 100


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may sign."""

    login: str
    name: str
    """As it is printed beside a signature."""
    roles: tuple[str, ...]
    password: str
    """argon2id, as `$argon2id$…`."""
    secret: str
    """Of the second factor, base32."""
    created_at: str
    disabled: bool = False


class PeopleFile:
    """The people in one file. A login is never given to somebody else: people are disabled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def people(self) -> Sequence[Person]:
        """All people; none where there is no file.

        Raises:
            MisconfiguredError: the file is no list of people.
        """
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise MisconfiguredError(f"{self.path} cannot be read: {error.strerror}") from error
        try:
            return tuple(map(_person, json.loads(text)["people"]))
        except (ValueError, KeyError, TypeError):
            raise MisconfiguredError(f"{self.path} is no file of people: restore it") from None

    def find(self, login: str) -> Person | None:
        """The person of this login."""
        return next((one for one in self.people() if one.login == login), None)

    def known(self, login: str) -> Person:
        """The person of this login.

        Raises:
            MisconfiguredError: there is none.
        """
        found = self.find(login)
        if found is None:
            raise MisconfiguredError(f"{self.path} knows nobody of the login {login}")
        return found

    def check_new(self, person: Person) -> None:
        """Look at a person before anything is said of them.

        Raises:
            MisconfiguredError: the login, the name or a role cannot be, or the login is taken.
        """
        check_roles(person.roles)
        if not _LOGIN.fullmatch(person.login):
            raise MisconfiguredError(
                f"{person.login!r} is no login: use 1 to 100 of a-z, 0-9 and . _ @ -"
            )
        if not (0 < len(person.name.strip()) <= _MOST_NAME and person.name.isprintable()):
            raise MisconfiguredError(f"a printed name has 1 to {_MOST_NAME} characters")
        if self.find(person.login) is not None:
            raise MisconfiguredError(
                f"the login {person.login} was given before, and stands for that person for ever: "
                "choose another"
            )

    def add(self, person: Person) -> None:
        """One more person; see `check_new` for what it raises."""
        self.check_new(person)
        self._write([*self.people(), person])

    def change(self, login: str, **changes: Any) -> None:
        """Change roles, or disable."""
        self.known(login)
        self._write(
            [replace(one, **changes) if one.login == login else one for one in self.people()]
        )

    def _write(self, people: Sequence[Person]) -> None:
        rows = [asdict(one) for one in people]
        text = json.dumps({"people": rows}, indent=2, ensure_ascii=False) + "\n"
        replace_file(self.path, text)


def check_roles(roles: Sequence[str]) -> None:
    """Look at names of roles.

    Raises:
        MisconfiguredError: one of them cannot be.
    """
    for role in roles:
        if not _ROLE.fullmatch(role):
            raise MisconfiguredError(f"{role!r} is no role: use 1 to 40 of a-z, 0-9, _ and -")


def _person(row: dict[str, Any]) -> Person:
    person = Person(**row | {"roles": tuple(row["roles"])})
    texts: list[Any] = [person.login, person.name, person.password, person.secret, *person.roles]
    if not all(isinstance(text, str) and text for text in texts):
        raise TypeError
    return replace(person, disabled=bool(person.disabled))
