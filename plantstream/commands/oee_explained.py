"""An explanation of OEE as one document: where planned time went, and why. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from plantstream.commands.oee_restated import since_first_report
from plantstream.commands.oee_sums import Sums, summed
from processors.oee.losses import calendar_ms, further_ratios, in_units, losses
from processors.ratios import planned_busy_ms, produced, ratios

if TYPE_CHECKING:
    from sinks.timescale.answers import BadParts, Facts, FactsAnswer, ReasonFacts

LOSSES = {
    "breakdown": "breakdown",
    "setup": "setup",
    "minor_stops": "minor stops",
    "speed": "speed",
    "defects": "defects",
    "startup": "start-up",
    "unknown": "unknown",
}
CATEGORIES: Mapping[str, tuple[str, ...]] = {
    "breakdown": ("unplanned_stop", "delay"),
    "setup": ("setup",),
    "minor stops": ("minor_stop",),
    "unknown": ("unknown",),
}
"""The categories of time whose reasons are those of a loss."""
STOPS: Mapping[str, tuple[str, ...]] = {
    "breakdown": ("breakdowns", "delays"),
    "setup": ("setups",),
    "minor stops": ("minor_stops",),
}
"""The counts of stops that belong to a loss."""
BAD: Mapping[str, bool] = {"defects": False, "start-up": True}
"""Losses of bad parts, and whether those are start-up rejects."""
Document = dict[str, Any]


def explained(answer: "FactsAnswer") -> Document:
    """All that is known of these windows, in seconds and parts; undefined is None."""
    total = summed(answer.facts)
    return {
        "level": answer.place.level,
        "place": answer.place.path,
        "run": answer.place.run,
        "by": answer.by,
        "windows": list(answer.windows),
        "start": _moment(min(one.start for one in answer.facts)),
        "end": _moment(max(one.end for one in answer.facts)),
        "figures": asdict(ratios(total.time, total.quantities)) | asdict(further_ratios(*total)),
        "quantities": total.quantities.model_dump(),
        "stops": total.stops.model_dump(),
        "waterfall": waterfall(total),
        "losses": lost(total, answer.reasons, answer.bad),
        "planned_stops": _reasons(answer.reasons, ("planned_stop",)),
        "no_ideal": {
            "seconds": total.time.no_ideal_ms / 1000,
            "parts": total.quantities.no_ideal_parts,
        },
        "machines": ranking(answer),
        "constraint": _constraint(answer),
        "sources": _sources(answer.facts),
        "since_first_report": since_first_report(answer),
    }


def waterfall(total: Sums) -> list[Document]:
    """From calendar time to good parts: what is left (`total`), and what is taken away.

    Where an ideal cycle is not known it ends with the run time.
    """
    time, parts = total.time, total.quantities
    found = losses(time, parts)
    outside = {
        "not scheduled": time.not_scheduled_ms,
        "running unplanned": time.unplanned_running_ms,
        "planned stops": time.planned_stop_ms,
        "unknown, excluded": time.excluded_unknown_ms,
    }
    steps = [
        _step("calendar time", 1000 * calendar_ms(time)),
        *(_step(name, -1000 * ms, "outside") for name, ms in outside.items() if ms),
        _step("planned time", 1000 * planned_busy_ms(time)),
        _step("breakdown", -found.breakdown, "loss"),
        _step("setup", -found.setup, "loss"),
        _step("unknown", -found.unknown, "loss"),
        _step("run time", 1000 * (time.running_ms + time.minor_stop_ms)),
    ]
    if found.speed is None or found.defects is None or found.startup is None:
        return steps
    return [
        *steps,
        _step("minor stops", -found.minor_stops, "loss"),
        _step("speed", -found.speed, "loss"),
        _step("ideal time", parts.ideal_us),
        _step("defects", -found.defects, "loss"),
        _step("start-up", -found.startup, "loss"),
        _step("good parts", parts.ideal_good_us),
    ]


def lost(
    total: Sums, reasons: Sequence["ReasonFacts"], bad: Sequence["BadParts"]
) -> list[Document]:
    """The seven losses, each with its reasons, the largest first."""
    time, parts = total.time, total.quantities
    planned_us = 1000 * planned_busy_ms(time)
    counts = total.stops.model_dump()
    return [
        {
            "loss": loss,
            "seconds": None if us is None else us / 1e6,
            "units": in_units(us, time, parts),
            "share": us / planned_us if us is not None and planned_us else None,
            "number": sum(counts[name] for name in STOPS[loss]) if loss in STOPS else None,
            "reasons": _reasons(reasons, CATEGORIES.get(loss, ())) + _bad(bad, total, loss),
        }
        for loss, us in zip(LOSSES.values(), asdict(losses(time, parts)).values(), strict=True)
    ]


def ranking(answer: "FactsAnswer") -> list[Document]:
    """The machines by lost time, each with its largest loss and that one's largest reason."""
    machines = sorted({one.equipment for one in answer.facts})
    found = [_machine(answer, machine) for machine in machines]
    return sorted(found, key=lambda one: (-one["lost_s"], one["equipment"]))


def _machine(answer: "FactsAnswer", machine: str) -> Document:
    total = summed(one for one in answer.facts if one.equipment == machine)
    reasons = [one for one in answer.reasons if one.equipment == machine]
    bad = [one for one in answer.bad if one.equipment == machine]
    of_machine = lost(total, reasons, bad)
    known = [one for one in of_machine if one["seconds"] is not None]
    largest = max(known, key=lambda one: float(one["seconds"]))
    return {
        "equipment": machine,
        "planned_s": planned_busy_ms(total.time) / 1000,
        "lost_s": sum(one["seconds"] for one in known),
        **asdict(ratios(total.time, total.quantities)),
        "largest_loss": largest["loss"] if largest["seconds"] > 0 else None,
        "largest_loss_s": largest["seconds"],
        "largest_reason": next(iter(largest["reasons"]), None),
        "losses": of_machine,
    }


def _constraint(answer: "FactsAnswer") -> Document | None:
    if answer.constraint is None:
        return None
    total = summed(one for one in answer.facts if one.equipment == answer.constraint)
    return {"equipment": answer.constraint, **asdict(ratios(total.time, total.quantities))}


def _reasons(reasons: Iterable["ReasonFacts"], categories: Sequence[str]) -> list[Document]:
    """Time and number of stops per category and reason, over all machines."""
    found: dict[tuple[str, str | None], Document] = {}
    for one in reasons:
        if one.category in categories:
            empty = {"category": one.category, "reason": one.reason, "seconds": 0.0, "number": 0}
            told = found.setdefault((one.category, one.reason), empty)
            told["seconds"] += one.seconds
            told["number"] += one.number
    return sorted(found.values(), key=lambda one: (-one["seconds"], str(one["reason"])))


def _bad(bad: Iterable["BadParts"], total: Sums, loss: str) -> list[Document]:
    """Reasons that people gave for bad parts; the time is that of so many mean parts."""
    if loss not in BAD:
        return []
    parts: Counter[str] = Counter()
    for one in bad:
        if one.startup == BAD[loss]:
            parts[one.reason] += one.parts
    us = total.quantities.ideal_us / made if (made := produced(total.quantities)) else 0
    return [
        {
            "category": None,
            "reason": why,
            "seconds": us * number / 1e6,
            "number": 0,
            "parts": number,
        }
        for why, number in parts.most_common()
    ]


def _sources(facts: Sequence["Facts"]) -> Document:
    return {
        "cells": sum(one.cells for one in facts),
        "late_cells": sum(one.late_cells for one in facts),
        "plant_versions": sorted({version for one in facts for version in one.plant_versions}),
    }


def _step(name: str, us: int, kind: str = "total") -> Document:
    return {"step": name, "kind": kind, "seconds": us / 1e6}


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
