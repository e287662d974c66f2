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
    """APT: running, stops too short to count, and setup that counts as production without parts."""
    return time.running_ms + time.minor_stop_ms + time.producing_setup_ms


def planned_busy_ms(time: TimeElements) -> int:
    """PBT: all planned time but planned stops; unknown time is a loss unless it is excluded."""
    setup = time.setup_ms - time.producing_setup_ms
    lost = setup + time.unplanned_stop_ms + time.delay_ms
    unknown = time.unknown_ms - time.excluded_unknown_ms
    return actual_production_ms(time) + lost + unknown


def ratios(time: TimeElements, quantities: Quantities) -> Ratios:
    """Availability APT / PBT, effectiveness ideal / APT, quality good / produced, and OEE.

    OEE is the ideal time of the good parts over PBT, which is the product of the three. Without an
    ideal cycle for all of the window, effectiveness and OEE are None.
    """
    produced = quantities.good + quantities.scrap + quantities.rework
    planned, actual = planned_busy_ms(time), actual_production_ms(time)
    known = time.no_ideal_ms == 0 and quantities.no_ideal_parts == 0
    return Ratios(
        availability=_ratio(actual, planned),
        effectiveness=_ratio(quantities.ideal_us, actual * 1000) if known else None,
        quality_ratio=_ratio(quantities.good, produced),
        oee=_ratio(quantities.ideal_good_us, planned * 1000) if known else None,
    )


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
