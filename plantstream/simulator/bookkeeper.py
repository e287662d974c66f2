"""Writes what the machines do into the ledger, in the plant file's words and counting units."""

from collections.abc import Iterable
from datetime import datetime

from plantstream.simulator.ledger import LedgerWriter, MadeEntry, ResetEntry, StanceEntry
from plantstream.simulator.machine import Made, Stance
from plantstream.simulator.plant import COUNTERS, Change
from schemas.plant.equipment import Equipment
from schemas.plant.model import Plant


class Bookkeeper:
    """Keeps the ledger of one plant."""

    def __init__(self, plant: Plant, ledger: LedgerWriter) -> None:
        self._ledger = ledger
        self._paths = {one.id: plant.path_of(one) for one in plant.equipment}
        self._scales = {one.id: _scales(one) for one in plant.equipment}
        self._stances: dict[str, Stance] = {}

    def note(self, changes: Iterable[Change], at: datetime) -> None:
        """Write down what these changes mean."""
        for change in changes:
            path = self._paths[change.equipment]
            if change.stance is not None:
                self._stances[change.equipment] = change.stance
                state = change.stance.state
                told = None if state is None else str(int(state))
                now = change.stance
                entry = StanceEntry(at, told, now.batch, now.product, now.reason)
                self._ledger.stance(path, entry)
            if change.restarted:
                self._ledger.reset(path, ResetEntry(at))
            if change.made is not None:
                self._ledger.made(path, self._made(change.equipment, change.made, at))

    def _made(self, equipment: str, made: Made, at: datetime) -> MadeEntry:
        stance, scales = self._stances[equipment], self._scales[equipment]
        return MadeEntry(
            at,
            made.good * scales["good"],
            made.scrap * scales["scrap"],
            made.rework * scales["rework"],
            stance.batch,
            stance.product,
        )


def _scales(equipment: Equipment) -> dict[str, int]:
    """Whole counting units per raw count; the plant's check refuses others."""
    scales = dict.fromkeys(COUNTERS.values(), 1)
    return scales | {
        COUNTERS[tag.means]: int(tag.scale) for tag in equipment.tags if tag.means in COUNTERS
    }
