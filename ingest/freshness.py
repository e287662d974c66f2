"""How old the newest value or sign of life of each equipment is, in a registry."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from prometheus_client import CollectorRegistry, Gauge

from ingest.input import Alive, Sample
from plantstream.runtime import clock
from schemas.record import EquipmentPath


class Freshness:
    """The age, by the edge's clock, of the newest moment at which each equipment said something.

    A value that does not change is not silence: that its source answers for it counts as well.

    Equipment is told of from its first value on and as long as its source is read: there are at
    most as many series as the plant file has equipment.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._gauge = Gauge(
            "plantstream_equipment_fresh_seconds",
            "Age of the newest value or sign of life of an equipment.",
            ["equipment"],
            registry=registry,
        )
        self._newest: dict[EquipmentPath, datetime] = {}
        self._sources: dict[EquipmentPath, str] = {}

    def saw(self, source: str, told: Sequence[Sample | Alive], now: datetime) -> None:
        """These came from a source by now: none of them is from later, whatever it says."""
        newest = self._newest
        for one in told:
            path, said = one.equipment, one.at if isinstance(one, Alive) else one.source_time
            at = min(said, now)
            known = newest.get(path)
            if known is None:
                self._gauge.labels(path).set_function(partial(self._age_s, path))
                self._sources[path] = source
            if known is None or at > known:
                newest[path] = at

    def forget(self, source: str) -> None:
        """It is read no longer."""
        for path in [one for one, of in self._sources.items() if of == source]:
            del self._sources[path], self._newest[path]
            self._gauge.remove(path)

    def _age_s(self, path: EquipmentPath) -> float:
        newest = self._newest.get(path)
        return 0.0 if newest is None else (clock.now() - newest).total_seconds()
