"""What the rules of a product look at: rates, the batch that waits for longest, open deviations."""

from collections.abc import Iterator

from processors.quality.live import Live
from processors.quality.windows import NOTHING
from processors.rules.plan import RulesPlan
from processors.rules.signals import DEVIATIONS, RELEASE, Fact, Signals
from schemas.plant.quality import DEVIATION_SEVERITIES


def news(live: Live, plan: RulesPlan, known: Signals, as_of: int) -> Iterator[Fact]:
    """What is so now, and is not what the rules know."""
    for name, value in _said(live, plan, as_of):
        old = known.get(name)
        if old is None or old.value != value:
            yield Fact(as_of, name, value)


def _said(live: Live, plan: RulesPlan, as_of: int) -> Iterator[tuple[str, tuple[object, ...]]]:
    for name in plan.by_signal:
        match name.split("|", 2):
            case ["quality", "24h" | "7d" | "30d" as window, area]:
                found = live.timeline.figures(window, as_of)
                yield name, tuple(found.get((area or None, None), NOTHING)[:4])
            case _:
                pass
    if RELEASE in plan.by_signal:
        yield RELEASE, _waiting(live)
    if DEVIATIONS in plan.by_signal:
        yield DEVIATIONS, _worst(live)


def _waiting(live: Live) -> tuple[object, ...]:
    """Since when the batch waits that waits for longest, and its name."""
    waits = [
        (one.waits_since, one.dossier.batch)
        for one in live.evaluations.values()
        if one.waits_since is not None and one.dossier.batch is not None
    ]
    return min(waits, default=())


def _worst(live: Live) -> tuple[object, ...]:
    """The most severe of the open deviations: how severe, and which."""
    severities = [
        (DEVIATION_SEVERITIES.index(one.severity), name)
        for name, one in live.cases.items()
        if live.states.get(name) != "closed"
    ]
    return max(severities, default=())
