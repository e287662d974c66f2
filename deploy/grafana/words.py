"""The one table of words: what is shown, in each language that dashboards are written in."""

import tomllib
from pathlib import Path
from typing import Literal

Language = Literal["en", "es"]
LANGUAGES: tuple[Language, ...] = ("en", "es")
TABLE = Path(__file__).with_name("words.toml")


class Words:
    """Words of one language.

    Raises:
        KeyError: the table has no such word.
    """

    def __init__(self, language: Language) -> None:
        self.language = language
        self._place = LANGUAGES.index(language)
        self._table: dict[str, dict[str, list[str]]] = tomllib.loads(TABLE.read_text("utf-8"))

    def of(self, section: str, name: str) -> str:
        """One word."""
        return self._table[section][name][self._place]

    def known(self, section: str) -> set[str]:
        """The names that a section has."""
        return set(self._table[section])
