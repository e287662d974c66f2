"""Topics as people call them: whole names, or what is left without `plant.` and the version."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from schemas.topics import Topic


def topic_called(word: str) -> "Topic":
    """The topic with this name or short name.

    Raises:
        typer.BadParameter: there is none, with the one that may have been meant.
    """
    from schemas.mistakes import did_you_mean
    from schemas.topics import BY_NAME, CATALOGUE

    called = {short_name(topic.name): topic for topic in CATALOGUE} | BY_NAME
    if word in called:
        return called[word]
    shorts = ", ".join(short_name(topic.name) for topic in CATALOGUE)
    hint = did_you_mean(word, called) or f"choose one of {shorts}"
    raise typer.BadParameter(f"no such topic: {word}; {hint}", param_hint="TOPIC")


def short_name(name: str) -> str:
    """`plant.kpi.latest.v1` is `kpi.latest`."""
    return name.removeprefix("plant.").rpartition(".")[0]
