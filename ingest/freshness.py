"""How old the newest value or sign of life of each equipment is, in a registry."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial

from prometheus_client import CollectorRegistry, Gauge

from ingest.input import Alive, Sample
from plantstream.runtime import clock
from schemas.record import EquipmentPath


class Freshness:
    """The age, by the edge's clock, of the newest moment at which each equipment said something.

    A value that does not change is not silence: that its source answers for it counts as well.

    Equipment is told of as long as a source is read for it: there are at most as many series as
    the plant file has equipment. One that has said nothing yet is as old as its reading, so that
    one that is dead when the edge begins is seen.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._gauge = Gauge(
            "plantstream_equipment_fresh_seconds",
            "Age of the newest value or sign of life of an equipment; before it, of its reading.",
            ["equipment"],
            registry=registry,
        )
        self._read: dict[str, frozenset[EquipmentPath]] = {}
        self._began: dict[EquipmentPath, datetime] = {}
        self._newest: dict[EquipmentPath, datetime] = {}

    def reads(self, source: str, equipment: Iterable[EquipmentPath]) -> None:
        """This equipment is read at the source from now on, and no other."""
        self._read[source] = frozenset(equipment)
        now = clock.now()
        for path in self._read[source] - self._began.keys():
            self._began[path] = now
            self._gauge.labels(path).set_function(partial(self._age_s, path))
        self._drop_unread()

    def saw(self, told: Sequence[Sample | Alive], now: datetime) -> None:
        """These came by now: none of them is from later, whatever it says."""
        newest = self._newest
        for one in told:
            path, said = one.equipment, one.at if isinstance(one, Alive) else one.source_time
            at = min(said, now)
            known = newest.get(path)
            if path in self._began and (known is None or at > known):
                newest[path] = at

    def forget(self, source: str) -> None:
        """It is read no longer."""
        self._read.pop(source, None)
        self._drop_unread()

    def _drop_unread(self) -> None:
        for path in self._began.keys() - frozenset[EquipmentPath]().union(*self._read.values()):
            del self._began[path]
            self._newest.pop(path, None)
            self._gauge.remove(path)

    def _age_s(self, path: EquipmentPath) -> float:
        said = self._newest.get(path) or self._began.get(path)
        return 0.0 if said is None else (clock.now() - said).total_seconds()
