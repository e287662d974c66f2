"""Names in the parts about alerts that nothing stands for."""

from collections.abc import Collection, Iterable, Iterator

from schemas.mistakes import Mistake, did_you_mean
from schemas.yaml_file import Document, Location


def unknown(
    document: Document, place: Location, what: str, name: str | None, known: Collection[str]
) -> Iterator[Mistake]:
    """A mistake where this name is none of the known ones."""
    if name is not None and name not in known:
        hint = did_you_mean(name, known)
        yield document.mistake(place, f"no such {what}: {name}", hint)


def unknowns(
    document: Document, place: Location, what: str, names: Iterable[str], known: Collection[str]
) -> Iterator[Mistake]:
    """A mistake for each name of a list that is none of the known ones."""
    for index, name in enumerate(names):
        yield from unknown(document, (*place, index), what, name, known)


def resembling(
    document: Document, place: Location, name: str, known: Collection[str]
) -> Iterator[Mistake]:
    """A mistake where a label is nearly one that a rule has.

    Alerts of other senders bring labels that no plant file names, so another label is none.
    """
    hint = did_you_mean(name, known)
    if name not in known and hint:
        yield document.mistake(place, f"no rule has the label {name}", hint)
