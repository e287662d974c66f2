"""What an engine has said: the newest record of each id, summed up."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from processors.oee.engine import OeeEngine
from processors.oee.state import OeeState
from processors.step import Output
from schemas.cycles import BatchCycle, CycleCell
from schemas.kpi import OeeCell, OeeReport, Quantities, StopCounts, TimeElements
from schemas.lab import BatchMade
from schemas.machine import MachineRecord
from schemas.stops import AndonCall, Finding, Stop
from tests.makers import Machine

ENGINE = OeeEngine()
Record = OeeCell | OeeReport | Stop | AndonCall | Finding | CycleCell | BatchCycle | BatchMade


class Facts:
    """Drives one machine's engine and keeps what a reader of its topic would know."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.records: dict[str, Record] = {}
        self.latest: dict[str, OeeReport] = {}
        self.forwarded: dict[str, Record] = {}
        self.state: OeeState = ENGINE.load(f"{machine.run}|{machine.equipment}", {})

    def tell(self, events: Sequence[MachineRecord], *, at_once: int = 1) -> "Facts":
        for start in range(0, len(events), at_once):
            part = events[start : start + at_once]
            moved = ENGINE.advance(self.state, part, self.machine.plant)
            self._keep(moved.outputs)
            self.state = moved.state
        return self

    def tick(self, now: datetime) -> "Facts":
        moved = ENGINE.tick(self.state, now, self.machine.plant)
        self._keep(moved.outputs)
        self.state = moved.state
        return self

    def restart(self) -> "Facts":
        """Write the state down and read it again, as a restart does."""
        rows = ENGINE.dump(self.state)
        self.state = ENGINE.load(ENGINE.key_of(self.machine.said[0]), rows)
        return self

    @property
    def cells(self) -> list[OeeCell]:
        return [one for one in self.records.values() if isinstance(one, OeeCell)]

    @property
    def reports(self) -> list[OeeReport]:
        return [one for one in self.records.values() if isinstance(one, OeeReport)]

    @property
    def stops(self) -> list[Stop]:
        """Without those that were taken back."""
        stops = [one for one in self.records.values() if isinstance(one, Stop)]
        told = (one for one in stops if one.end != one.start)
        return sorted(told, key=lambda one: one.start)

    @property
    def calls(self) -> list[AndonCall]:
        return [one for one in self.records.values() if isinstance(one, AndonCall)]

    @property
    def findings(self) -> list[Finding]:
        return [one for one in self.records.values() if isinstance(one, Finding)]

    def stop_counts(self, **named: str | None) -> dict[str, int]:
        sums = total(cell.stops for cell in self._cells(**named))
        return {name: amount for name, amount in sums.items() if amount}

    def reasons(self, **named: str | None) -> dict[str, float]:
        """Seconds per category and reason, as `category reason`."""
        sums: dict[str, float] = {}
        for one in (one for cell in self._cells(**named) for one in cell.reasons):
            name = f"{one.category} {one.reason}"
            sums[name] = sums.get(name, 0) + one.ms / 1000
        return {name: amount for name, amount in sums.items() if amount}

    def seconds(self, **named: str | None) -> dict[str, float]:
        """Seconds per category over all cells of this batch, product or shift."""
        sums = total(cell.time for cell in self._cells(**named))
        return {name.removesuffix("_ms"): ms / 1000 for name, ms in sums.items() if ms}

    def counts(self, **named: str | None) -> dict[str, int]:
        sums = total(cell.quantities for cell in self._cells(**named))
        return {name: amount for name, amount in sums.items() if amount}

    def _cells(self, **named: str | None) -> list[OeeCell]:
        wanted = named.items()
        return [c for c in self.cells if all(getattr(c, key) == name for key, name in wanted)]

    def _keep(self, outputs: Iterable[Output]) -> None:
        for output in outputs:
            assert isinstance(output.record, Record)
            if output.topic.name == "plant.kpi.v1":
                self.records[output.record_key] = output.record
            elif output.topic.name == "plant.kpi.latest.v1":
                assert isinstance(output.record, OeeReport)
                self.latest[output.record_key] = output.record
            else:
                assert output.topic.name in {"plant.site.v1", "plant.lab.v1"}
                self.forwarded[output.record_key] = output.record


def total(parts: Iterable[TimeElements | Quantities | StopCounts]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for part in parts:
        for name, amount in part:
            sums[name] = sums.get(name, 0) + amount
    return sums
