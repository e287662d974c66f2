"""Words on the command line by which something is named."""

import typer


def must_name(word: str, option: str) -> None:
    """A word that may be the beginning of a name is not blank: every name begins so.

    Raises:
        typer.BadParameter: it is blank.
    """
    if not word.strip():
        raise typer.BadParameter(
            "it is empty and names nothing: a variable that is not set?", param_hint=option
        )
