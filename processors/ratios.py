"""The ratios of ISO 22400-2, from facts that add up. Undefined is None, never 0."""

from dataclasses import dataclass

from schemas.kpi import Quantities, TimeElements


@dataclass(frozen=True, slots=True)
class Ratios:
    """Values over 1 are kept: they say that an ideal cycle or a counter is wrong."""

    availability: float | None
    effectiveness: float | None
    quality_ratio: float | None
    oee: float | None


def actual_production_ms(time: TimeElements) -> int:
    """APT: running, stops too short to count, and setup that counts as production time."""
    return time.running_ms + time.minor_stop_ms + time.producing_setup_ms


def planned_busy_ms(time: TimeElements) -> int:
    """PBT: all planned time but planned stops; unknown time is a loss unless it is excluded."""
    lost = time.setup_ms + time.unplanned_stop_ms + time.delay_ms
    unknown = time.unknown_ms - time.excluded_unknown_ms
    return time.running_ms + time.minor_stop_ms + lost + unknown


def ratios(time: TimeElements, quantities: Quantities) -> Ratios:
    """Availability APT / PBT, effectiveness ideal / APT, quality good / produced, and OEE.

    OEE is the ideal time of the good parts over PBT, which is the product of the three. Without an
    ideal cycle for all of the window, effectiveness and OEE are None.
    """
    planned, actual = planned_busy_ms(time), actual_production_ms(time)
    known = ideal_is_known(time, quantities)
    return Ratios(
        availability=ratio(actual, planned),
        effectiveness=ratio(quantities.ideal_us, actual * 1000) if known else None,
        quality_ratio=ratio(quantities.good, produced(quantities)),
        oee=ratio(quantities.ideal_good_us, planned * 1000) if known else None,
    )


def produced(quantities: Quantities) -> int:
    """Good parts, scrap and parts for rework, in planned time."""
    return quantities.good + quantities.scrap + quantities.rework


def ideal_is_known(time: TimeElements, quantities: Quantities) -> bool:
    """Whether all production time and all parts have an ideal cycle."""
    return time.no_ideal_ms == 0 and quantities.no_ideal_parts == 0


def ratio(part: int, whole: int) -> float | None:
    """Part / whole, or None of nothing."""
    return part / whole if whole else None
