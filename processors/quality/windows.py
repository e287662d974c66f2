"""How much complies in a window of time: counts that add up, never a mean of rates."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from processors.rules.times import HOUR
from schemas.quality import Window

LENGTHS: Mapping[Window, int] = {"24h": 24 * HOUR, "7d": 7 * 24 * HOUR, "30d": 30 * 24 * HOUR}
"""A window holds what was after its beginning, up to and with its end."""

About = tuple[str | None, str | None]
"""Compliance area and test; none of both is the product as a whole."""
WHOLE: About = (None, None)


class Entry(NamedTuple):
    """A result or a batch that was judged."""

    at: int
    is_within: bool
    about: About | None
    """Of a result; None is a batch."""
    corrections: int


class Figures(NamedTuple):
    """What was counted."""

    within: int = 0
    judged: int = 0
    batches_within: int = 0
    batches_judged: int = 0
    corrections: int = 0


NOTHING = Figures()


def summed(entries: Iterable[Entry]) -> dict[About, Figures]:
    """The figures of the whole, of each area and of each test."""
    sums: dict[About, list[int]] = {WHOLE: [0] * len(NOTHING)}
    for _, is_within, about, corrections in entries:
        if about is None:
            whole = sums[WHOLE]
            whole[2] += is_within
            whole[3] += 1
            continue
        area, test = about
        for one in (WHOLE, *([(area, None)] if area else []), (None, test)):
            known = sums.setdefault(one, [0] * len(NOTHING))
            known[0] += is_within
            known[1] += 1
            known[4] += corrections
    return {about: Figures(*numbers) for about, numbers in sums.items()}


class Timeline:
    """What was judged, in the order of its time."""

    def __init__(self, entries: Mapping[str, Entry] | None = None) -> None:
        self._entries = dict(entries or {})
        self._order = sorted((one.at, name) for name, one in self._entries.items())
        self._known: dict[tuple[Window, int], dict[About, Figures]] = {}

    def copy(self) -> "Timeline":
        """Another one, to be changed."""
        other = Timeline()
        other._entries, other._order = dict(self._entries), list(self._order)
        return other

    def put(self, name: str, entry: Entry) -> None:
        """This is so from now on."""
        self.drop(name)
        self._known.clear()
        self._entries[name] = entry
        insort(self._order, (entry.at, name))

    def drop(self, name: str) -> None:
        """This is no more."""
        known = self._entries.pop(name, None)
        if known is not None:
            self._known.clear()
            del self._order[bisect_left(self._order, (known.at, name))]

    def figures(self, window: Window, as_of: int) -> dict[About, Figures]:
        """What the window holds that ends now."""
        known = self._known.get((window, as_of))
        if known is not None:
            return known
        first = bisect_right(self._order, (as_of - LENGTHS[window], _LAST))
        last = bisect_right(self._order, (as_of, _LAST))
        found = summed(self._entries[name] for _, name in self._order[first:last])
        self._known = {key: one for key, one in self._known.items() if key[1] == as_of}
        self._known[window, as_of] = found
        return found

    def next_change(self, as_of: int) -> int | None:
        """When something enters a window or leaves it by itself."""
        moments = []
        for length in (0, *LENGTHS.values()):
            place = bisect_right(self._order, (as_of - length, _LAST))
            if place < len(self._order):
                moments.append(self._order[place][0] + length)
        return min(moments, default=None)


_LAST = "\U0010ffff"
"""After every name."""
