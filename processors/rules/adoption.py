"""What another plant file makes of what is remembered of the rules of the one before."""

from collections.abc import Mapping

from processors.rules.plan import RulesPlan
from processors.rules.signals import EQUIPMENT_HEARD, Signal, Signals, heard
from processors.rules.state import Instance

LATE = "|late"
_WHILE_WATCHED = (heard(""), EQUIPMENT_HEARD)
"""So begin signals that are followed only while a rule waits for them."""


def is_watched(plan: RulesPlan, key: str, instance: Instance) -> bool:
    """Whether its rule is still there, and its alert the same."""
    watched, told = plan.watched.get(key.removesuffix(LATE)), instance.told
    return watched is not None and (told is None or told.fingerprint == watched.fingerprint)


def silences_begun(
    plan: RulesPlan, instances: Mapping[str, Instance], signals: Signals, at: int
) -> dict[str, Signal]:
    """The signals with those for which a rule waits from now on; until now nobody listened.

    A silence that was told of goes on.
    """
    kept = {
        name: one
        for name, one in signals.items()
        if name in plan.by_signal or not name.startswith(_WHILE_WATCHED)
    }
    told = {
        name
        for key, one in plan.watched.items()
        if key in instances and instances[key].shape == one.shape
        for name in one.signals
    }
    new = (one for one in plan.by_signal if one.startswith("heard|") and one not in told)
    return {one: Signal(at, True) for one in new} | kept
