"""Cycle times as a follower of the OEE engine."""

from collections.abc import Mapping, Sequence

from processors.cycles.context import Context, Owner
from processors.cycles.follow import flush, follow
from processors.cycles.state import PREFIX, CycleState, dump, load
from processors.oee.book import Making
from processors.oee.calendar import Slot
from processors.oee.plan import EquipmentPlan
from processors.oee.records import Named
from processors.step import Output
from schemas.machine import MachineRecord


class CycleFollower:
    """Times cycles and batches."""

    prefix = PREFIX

    def load(self, rows: Mapping[str, bytes]) -> CycleState:
        """The state that `dump` gave."""
        return load(rows)

    def dump(self, state: CycleState) -> dict[str, bytes]:
        """The state as rows."""
        return dump(state)

    def follow(
        self,
        state: CycleState,
        event: MachineRecord,
        plan: EquipmentPlan,
        making: Making,
        slot: Slot,
    ) -> tuple[CycleState, Sequence[Output]]:
        """Take one event."""
        owner = Owner(event.run, event.equipment, plan.version)
        context = Context(owner, plan, making.batch, making.product, slot.shift, slot.day)
        return follow(state, event, context)

    def flush(self, state: CycleState, named: Named) -> tuple[CycleState, Sequence[Output]]:
        """Say what was not said yet."""
        return flush(state, Owner(named.run, named.equipment, named.plant_version))
