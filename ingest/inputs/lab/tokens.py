"""Tokens of people and instruments that state things at a laboratory interface."""

from pathlib import Path

from plantstream.runtime.tokens import TokenFile, TokenKind

FILE = "lab-tokens.json"
KIND = TokenKind("pslab_", "plantstream lab-token")


def lab_tokens(path: Path) -> TokenFile:
    """The tokens in this file."""
    return TokenFile(path, KIND)
