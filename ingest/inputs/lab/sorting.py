"""Groups against the ledger: what is new, what repeats, what contradicts. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ingest.input import Stated, Unreadable
from ingest.inputs.lab.desk import FilePlace, Group, Item
from ingest.ledger import Noted


@dataclass(slots=True)
class Sorted:
    """What becomes of the groups of one chunk."""

    told: list[Stated | Unreadable] = field(default_factory=list)
    noted: list[Noted] = field(default_factory=list)
    """The keys of what is new."""
    answers: dict[Group, frozenset[int]] = field(default_factory=dict)
    """To be given once the chunk is stored: which items stand under keys of something else."""
    place: FilePlace | None = None
    """How far the newest file is read then."""


def sort(groups: Sequence[Group], known: Mapping[bytes, bytes]) -> Sorted:
    """Sort groups by the digests that are known under their keys; a key may come twice in them.

    A group of which an item contradicts is refused as a whole, unless the item says what else it
    may be.
    """
    found = Sorted()
    seen = dict(known)
    for group in groups:
        fresh, contradicting = _compare(group, seen)
        found.answers[group] = frozenset(contradicting)
        instead = [group.items[number].instead for number in contradicting]
        if None not in instead:
            seen |= {one.key: one.digest for one in fresh if one.key is not None}
            found.noted += [Noted(one.key, one.digest) for one in fresh if one.key is not None]
            found.told += [one.stated for one in fresh]
            found.told += [one for one in (*group.unreadable, *instead) if one is not None]
            found.place = group.place or found.place
    return found


def _compare(group: Group, seen: Mapping[bytes, bytes]) -> tuple[list[Item], list[int]]:
    """The items of a group that are new, and the numbers of those that contradict."""
    ours: dict[bytes, bytes] = {}
    fresh, contradicting = [], []
    for number, item in enumerate(group.items):
        if item.key is None:
            fresh.append(item)
            continue
        before = ours.get(item.key, seen.get(item.key))
        if before is None:
            ours[item.key] = item.digest
            fresh.append(item)
        elif before != item.digest:
            contradicting.append(number)
    return fresh, contradicting
