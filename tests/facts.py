"""What an engine has said: the newest record of each id, summed up."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from processors.oee.engine import OeeEngine
from processors.oee.state import OeeState
from processors.step import Output
from schemas.kpi import OeeCell, OeeReport, Quantities, TimeElements
from schemas.machine import MachineEvent
from tests.makers import Machine

ENGINE = OeeEngine()


class Facts:
    """Drives one machine's engine and keeps what a reader of its topic would know."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.records: dict[str, OeeCell | OeeReport] = {}
        self.state: OeeState = ENGINE.load(f"{machine.run}|{machine.equipment}", {})

    def tell(self, events: Sequence[MachineEvent], *, at_once: int = 1) -> "Facts":
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
            assert isinstance(output.record, OeeCell | OeeReport)
            if output.topic.name == "plant.kpi.v1":
                self.records[output.record_key] = output.record


def total(parts: Iterable[TimeElements | Quantities]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for part in parts:
        for name, amount in part:
            sums[name] = sums.get(name, 0) + amount
    return sums
