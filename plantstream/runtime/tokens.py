"""Tokens of people, instruments and programs: who they are is read from a file of hashes.

A token is 256 random bits, so a plain SHA-256 of it tells nobody what it is: slow hashes are for
passwords, which can be guessed.
"""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.private_file import replace_file

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@ -]{0,99}")
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class TokenKind:
    """What a token of one interface looks like, and the command that gives it out."""

    prefix: str
    command: str


@dataclass(frozen=True, slots=True)
class Token:
    """One token: whose it is, and the SHA-256 that it is known by."""

    name: str
    sha256: str
    created_at: str


class TokenFile:
    """The tokens in one file; changes count at once."""

    def __init__(self, path: Path, kind: TokenKind) -> None:
        self.path = path
        self._kind = kind
        self._read_at: tuple[int, int, int] | None = None
        self._tokens: tuple[Token, ...] = ()

    def tokens(self) -> Sequence[Token]:
        """All tokens; none where there is no file.

        Raises:
            MisconfiguredError: the file is no list of tokens.
        """
        try:
            found = self.path.stat()
        except FileNotFoundError:
            self._read_at, self._tokens = None, ()
            return self._tokens
        except OSError as error:
            raise MisconfiguredError(f"{self.path} cannot be read: {error.strerror}") from error
        seen = (found.st_mtime_ns, found.st_size, found.st_ino)
        if seen != self._read_at:
            self._tokens = _read(self.path)
            self._read_at = seen
        return self._tokens

    def owner(self, token: str) -> str | None:
        """Whose token this is; it takes as long for every wrong one."""
        digest = _digest(token)
        owner = None
        for one in self.tokens():
            if hmac.compare_digest(one.sha256, digest):
                owner = one.name
        return owner

    def add(self, name: str, now: datetime) -> str:
        """A new token of this name. It is told once: only its hash is kept.

        Raises:
            MisconfiguredError: the name is taken or no name, or the file cannot be written.
        """
        if not _NAME.fullmatch(name):
            raise MisconfiguredError(
                f"{name!r} is no name of a token: use 1 to 100 letters, digits, spaces and . _ @ -"
            )
        if any(one.name == name for one in self.tokens()):
            raise MisconfiguredError(
                f"{name} has a token already: `{self._kind.command} remove` it first"
            )
        token = self._kind.prefix + secrets.token_urlsafe(32)
        created = now.isoformat(timespec="seconds")
        self._write([*self.tokens(), Token(name, _digest(token), created)])
        return token

    def remove(self, name: str) -> None:
        """Make a token worthless.

        Raises:
            MisconfiguredError: there is none of this name.
        """
        left = [one for one in self.tokens() if one.name != name]
        if len(left) == len(self.tokens()):
            raise MisconfiguredError(f"{self.path} has no token of the name {name}")
        self._write(left)

    def _write(self, tokens: Sequence[Token]) -> None:
        rows = [
            {"name": one.name, "sha256": one.sha256, "created_at": one.created_at} for one in tokens
        ]
        text = json.dumps({"tokens": rows}, indent=2, ensure_ascii=False) + "\n"
        replace_file(self.path, text)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _read(path: Path) -> tuple[Token, ...]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["tokens"]
        found = tuple(Token(row["name"], row["sha256"], row["created_at"]) for row in rows)
        whole = all(_NAME.fullmatch(one.name) and _HASH.fullmatch(one.sha256) for one in found)
    except OSError as error:
        raise MisconfiguredError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError):
        whole, found = False, ()
    if not whole:
        raise MisconfiguredError(
            f"{path} is no file of tokens: restore it, or delete it and give out new tokens"
        )
    return found
