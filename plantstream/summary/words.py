"""Which words a summary is written in."""

from collections.abc import Mapping
from typing import Literal

from plantstream.summary.words_en import ENGLISH
from plantstream.summary.words_es import SPANISH

Language = Literal["en", "es"]
WORDS: Mapping[Language, Mapping[str, str]] = {"en": ENGLISH, "es": SPANISH}


class Words:
    """Phrases of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._phrases = WORDS[language]

    def __call__(self, name: str, **given: object) -> str:
        """The phrase of this name, with what is given filled in."""
        return self._phrases[name].format(**given)

    def code(self, kind: str, value: str | None) -> str:
        """A word for a code of the records, or the code itself where we have none."""
        return "" if value is None else self._phrases.get(f"{kind}.{value}", value)
