"""Regular expressions that people write: matched in time that grows with the text and no faster."""

from functools import lru_cache

from pydantic_core import SchemaError, SchemaValidator, core_schema

_MOST_KEPT = 200
"""Compiled expressions, of 12 kB each as people write them, and of 15 MB at most."""


def is_whole_match(expression: str, text: str) -> bool | None:
    """Whether an expression matches all of a text; None where it is none."""
    found = _compiled(expression)
    return None if isinstance(found, str) else found.isinstance_python(text)


def mistake_in(expression: str) -> str | None:
    """Why this is no regular expression, or None."""
    found = _compiled(expression)
    return found if isinstance(found, str) else None


@lru_cache(maxsize=_MOST_KEPT)
def _compiled(expression: str) -> SchemaValidator | str:
    """What matches it, or why nothing can.

    Python's own engine tries every way to match: one `(a+)+b` and 40 letters stop a process. That
    of pydantic looks at each letter once, as Alertmanager's does.
    """
    try:
        _validator(expression)  # By itself, or `a)|(?:b` would be one between the brackets.
        return _validator(rf"\A(?:{expression})\z")
    except SchemaError as error:
        reason = str(error).splitlines()[-1].strip()
        return "it is too large" if "size limit" in reason else reason.removeprefix("error: ")


def _validator(expression: str) -> SchemaValidator:
    return SchemaValidator(core_schema.str_schema(pattern=expression, regex_engine="rust-regex"))
