"""Others that compute something of the same events: they are given each event once."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from processors.oee.book import Making, made_at
from processors.oee.calendar import Slot
from processors.oee.events import moment_of
from processors.oee.plan import EquipmentPlan
from processors.oee.records import Named
from processors.oee.restate import key_at
from processors.oee.state import OeeState
from processors.step import Output
from schemas.machine import MachineRecord


class Follower(Protocol):
    """Computes something of settled events; pure, as the engine is."""

    @property
    def prefix(self) -> str:
        """What the names of its rows begin with, such as `cycles|`."""

    def load(self, rows: Mapping[str, bytes]) -> Any:
        """The state that `dump` gave; no rows make the first state."""

    def dump(self, state: Any) -> dict[str, bytes]:
        """The state as rows, named with the prefix."""

    def follow(
        self, state: Any, event: MachineRecord, plan: EquipmentPlan, making: Making, slot: Slot
    ) -> tuple[Any, Sequence[Output]]:
        """Take one event; what is being made, and what the calendar says, are those of its time.

        Events come in the order of their source time, but for those that come too late.
        """

    def flush(self, state: Any, named: Named) -> tuple[Any, Sequence[Output]]:
        """Say what was not said yet: the equipment is silent. It changes no totals."""


def read_followed(followers: Sequence[Follower], rows: Mapping[str, bytes]) -> tuple[Any, ...]:
    """What the followers remember."""
    return tuple(
        one.load({name: row for name, row in rows.items() if name.startswith(one.prefix)})
        for one in followers
    )


def written(followers: Sequence[Follower], states: Sequence[Any]) -> dict[str, bytes]:
    """What the followers remember, as rows."""
    rows: dict[str, bytes] = {}
    for follower, state in zip(followers, states, strict=True):
        rows |= follower.dump(state)
    return rows


def follow(
    followers: Sequence[Follower],
    state: OeeState,
    events: Sequence[MachineRecord],
    plan: EquipmentPlan,
) -> tuple[tuple[Any, ...], list[Output]]:
    """Give these events to all followers."""
    if not followers:
        return (), []
    states = list(state.followed)
    outputs: list[Output] = []
    for event in events:
        at = moment_of(event)
        making = made_at(state.book, at) or Making(at, None, None)
        _, slot = key_at(at, making.batch, making.product, plan)
        for number, follower in enumerate(followers):
            states[number], found = follower.follow(states[number], event, plan, making, slot)
            outputs += found
    return tuple(states), outputs


def flush(
    followers: Sequence[Follower], states: Sequence[Any], named: Named
) -> tuple[tuple[Any, ...], list[Output]]:
    """Let all followers say what they have not said yet."""
    flushed: list[Any] = []
    outputs: list[Output] = []
    for follower, state in zip(followers, states, strict=True):
        after, found = follower.flush(state, named)
        flushed.append(after)
        outputs += found
    return tuple(flushed), outputs
