"""Events on their way into the book: each is applied once, then waits until nothing overtakes it.

A book is kept as it was after each event that still waits. What is settled is then one of these
books, and an event that finds its place between others is applied from the book before it.
"""

from collections.abc import Sequence

from processors.cycles.context import Owner
from processors.oee.book import NO_NEWS, Book, Found, Window
from processors.oee.events import apply, apply_late
from processors.oee.follow import time_cycles
from processors.oee.plan import EquipmentPlan
from processors.oee.state import OeeState
from processors.step import Output
from schemas.machine import MachineRecord


class Walk:
    """The book of a state on its way through new events."""

    def __init__(self, state: OeeState, plan: EquipmentPlan) -> None:
        self.book = state.book
        """What is settled."""
        self.trail = list(state.trail or ())
        """The book after each of the events that wait."""
        self.cycles = state.cycles
        self.outputs: list[Output] = []
        """What became known of cycles and batches."""
        self.found: list[Found] = []
        """What does not fit, of the events that were settled."""
        self.superseded: list[Window] = []
        """Closed windows as they were before this walk restated them."""
        self._plan = plan
        self._owner = Owner(state.run, state.equipment, plan.version)

    @property
    def newest(self) -> Book:
        """The book after all events."""
        return self.trail[-1] if self.trail else self.book

    def take_late(self, events: Sequence[MachineRecord]) -> None:
        """Take what happened before the settled book's end; what was applied after it is anew."""
        self.trail.clear()
        self.book = _onward(self.book)
        for event in events:
            apply_late(self.book, event, self._plan)
            self._time(event)
        self.found += self.book.news.findings
        self.superseded += self.book.news.superseded

    def settle(self, events: Sequence[MachineRecord]) -> None:
        """Nothing comes before these any more: the trail begins with them, or ends before."""
        known = len(self.trail)
        for event, book in zip(events, self.trail, strict=False):
            self.book = book
            self._time(event)
            self.found += book.news.findings
        del self.trail[: len(events)]
        if len(events) > known:
            self.book = _onward(self.book)
            for event in events[known:]:
                apply(self.book, event, self._plan)
                self._time(event)
            self.found += self.book.news.findings
            self.superseded += self.book.news.superseded

    def show(self, events: Sequence[MachineRecord]) -> None:
        """Apply events that wait; the trail has the books of the first of them."""
        for event in events[len(self.trail) :]:
            book = _onward(self.newest)
            apply(book, event, self._plan)
            self.superseded += book.news.superseded
            self.trail.append(book)

    def _time(self, event: MachineRecord) -> None:
        self.cycles, told = time_cycles(self.cycles, event, self.book, self._owner, self._plan)
        self.outputs += told


def _onward(book: Book) -> Book:
    """A book to be filled, which has nothing to tell yet."""
    other = book.fork()
    other.news = NO_NEWS
    return other
