"""Words for people while something takes long."""

from collections.abc import Callable

Say = Callable[[str], None]
"""Gets one sentence when a long step begins."""


def silent(_: str) -> None:
    """Tell nobody."""
