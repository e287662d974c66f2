"""A machine whose cycles are followed: what happens, in order, and what is known of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from processors.cycles.context import Context, Mode, Owner
from processors.cycles.follow import flush, follow
from processors.cycles.state import CycleState, dump, load
from processors.cycles.statistics import of_cells
from processors.cycles.sums import Sums
from processors.step import Output
from schemas.cycles import BatchCycle, CycleCell
from schemas.machine import CycleCompleted, MachineRecord, PhaseChanged
from schemas.stops import Finding
from tests.makers import PATH, Machine as Speaker, after

OWNER = Owner("", PATH, "v1")


@dataclass(frozen=True)
class Plan:
    cycles: Mode | None = "counters"
    slow_cycle: Decimal = Decimal("1.5")
    minor_stop: timedelta = timedelta(seconds=10)
    unknown_after: timedelta | None = None
    counts_produced: bool = False
    known_from: date = date.min
    ideals: Mapping[str | None, int] = field(
        default_factory=lambda: {"fast": 500_000, "slow": 2_000_000}
    )

    def ideal_us(self, product: str | None, day: date) -> int | None:
        return self.ideals.get(product) if day >= self.known_from else None


@dataclass
class Follower:
    """Follows a machine as an engine would, and keeps the newest record of every id."""

    plan: Plan = field(default_factory=Plan)
    state: CycleState = field(default_factory=CycleState)
    outputs: list[Output] = field(default_factory=list)
    known: dict[str, Any] = field(default_factory=dict)
    made: list[tuple[datetime, str | None, str | None]] = field(default_factory=list)

    def hear(self, events: Iterable[MachineRecord]) -> "Follower":
        for event in events:
            self._note(event)
            self.state, outputs = follow(self.state, event, self._context(event.source_time))
            self._keep(outputs)
        return self

    def flush(self) -> "Follower":
        self.state, outputs = flush(self.state, OWNER)
        self._keep(outputs)
        return self

    def restart(self) -> None:
        state = load(dump(self.state))
        assert state == self.state
        self.state = state

    def told(self) -> list[Any]:
        """Every record that was published, in order."""
        return [one.record for one in self.outputs]

    def cells(self) -> list[CycleCell]:
        self.flush()
        return [one for one in self.known.values() if isinstance(one, CycleCell)]

    def sums(self) -> Sums:
        return of_cells(self.cells())

    def batches(self) -> list[BatchCycle]:
        return [one for one in self.known.values() if isinstance(one, BatchCycle)]

    def findings(self) -> list[Finding]:
        return [one for one in self.known.values() if isinstance(one, Finding)]

    def _keep(self, outputs: list[Output]) -> None:
        self.outputs += outputs
        self.known |= {one.record_key: one.record for one in outputs}

    def _note(self, event: MachineRecord) -> None:
        _, batch, product = self.made[-1] if self.made else (None, None, None)
        kind, at = event.type, event.source_time  # type: ignore[attr-defined]
        if self.made and at < self.made[-1][0]:
            return
        if kind == "batch_started":
            batch = event.batch  # type: ignore[attr-defined]
        elif kind == "batch_ended" and event.batch == batch:  # type: ignore[attr-defined]
            batch = None
        elif kind == "product_changed":
            product = event.product  # type: ignore[attr-defined]
        self.made.append((at, batch, product))

    def _context(self, at: datetime) -> Context:
        earlier = [one for one in self.made if one[0] <= at]
        _, batch, product = earlier[-1] if earlier else (at, None, None)
        shift = f"2026-03-02/{'early' if at < after(8 * 3600) else 'late'}"
        return Context(OWNER, self.plan, batch, product, shift, date(2026, 3, 2))


class Machine(Speaker):
    """Says what concerns cycles as well."""

    def cycle(self, at: float, duration_ms: int) -> Any:
        return self._say(CycleCompleted, at, duration_ms=duration_ms)

    def phase(self, at: float, name: str | None) -> Any:
        return self._say(PhaseChanged, at, phase=name)


def plan_of(**settings: Any) -> Plan:
    return replace(Plan(), **settings)
