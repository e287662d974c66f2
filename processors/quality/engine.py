"""Quality of one product, statement by statement: results judged, rates, deviations, releases.

What was said is filed; everything else follows from the files, so that order and repeats change
nothing. Outputs are the difference between what was told before and what is true now. Rules of
scope product look at the same, and raise alerts by the life that all alerts have.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from processors.quality.signing import Verifies, knows_no_seal
from processors.quality.state import QualityState, dump, load
from processors.quality.trends import Trend
from processors.quality.turn import Event, Judges, Turn
from processors.rules.board import Watch
from processors.rules.times import instant, is_a_time, micros
from processors.step import Transition
from schemas.lab import BatchMade, Excursion
from schemas.plant.load import PlantFile
from schemas.topics import LAB, QUALITY_STATE, Topic


class QualityEngine:
    """The engine of scope product.

    `trend` says which results are out of trend, `verifies` whether a seal is genuine.
    """

    name = "quality"
    inputs = (LAB,)
    memory: Topic = QUALITY_STATE

    def __init__(
        self,
        trend: Trend | None = None,
        verifies: Verifies = knows_no_seal,
        watch: Watch | None = None,
    ) -> None:
        self._judges = Judges(trend, verifies, watch)

    def key_of(self, event: Event) -> str:
        """Run, and product within its site."""
        return f"{event.run}|{event.partition_key()}"

    def load(self, key: str, rows: Mapping[str, bytes]) -> QualityState:
        """The state that `dump` gave."""
        run, _, about = key.partition("|")
        return load(run, about, rows)

    def dump(self, state: QualityState) -> dict[str, bytes]:
        """The state as rows."""
        return dump(state)

    def advance(
        self, state: QualityState, events: Sequence[Event], plant: PlantFile
    ) -> Transition[QualityState]:
        """File what was said of this product, and tell what follows."""
        placed = [(event, at) for event in events if is_a_time(at := _time_of(event))]
        if not placed:
            return Transition(state)
        turn = Turn(state, plant, self._judges)
        for event, at in placed:
            turn.proceed(at)
            turn.take(event)
        return turn.done()

    def due(self, state: QualityState) -> datetime | None:
        """When the next thing is due."""
        return None if state.next_due is None else instant(state.next_due)

    def tick(
        self, state: QualityState, now: datetime, plant: PlantFile
    ) -> Transition[QualityState]:
        """Find out what is due by now: it changes nothing that was found."""
        at = micros(now)
        if state.next_due is None or at < state.next_due:
            return Transition(state)
        turn = Turn(state, plant, self._judges)
        turn.tick(at)
        return turn.done()


def _time_of(event: Event) -> int:
    """When it was so; nobody's clock makes it later than it was heard of."""
    if isinstance(event, BatchMade):
        return micros(event.end or event.start)
    if isinstance(event, Excursion):
        return micros(event.at)
    return micros(min(event.source_time, event.ingest_time))
