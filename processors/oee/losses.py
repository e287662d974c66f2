"""What became of planned time: seven signed losses and the further ratios of ISO 22400-2. Pure."""

from dataclasses import dataclass

from processors.ratios import (
    actual_production_ms,
    ideal_is_known,
    planned_busy_ms,
    produced,
    ratio,
)
from schemas.kpi import Quantities, StopCounts, TimeElements


@dataclass(frozen=True, slots=True)
class Losses:
    """Microseconds of planned busy time; with the ideal time of the good parts they are all of it.

    The last three of production are None where an ideal cycle is not known.
    """

    breakdown: int
    """Unplanned stops and delays."""
    setup: int
    minor_stops: int
    speed: int | None
    """Below 0 where production was faster than ideal."""
    defects: int | None
    """Ideal time of scrap and rework that were not made while starting up."""
    startup: int | None
    """Ideal time of scrap and rework that were made while starting up."""
    unknown: int
    """Time of which nobody knows what happened, unless the plant file excludes it."""


@dataclass(frozen=True, slots=True)
class FurtherRatios:
    """What stands beside OEE; undefined is None."""

    teep: float | None
    """Ideal time of the good parts / calendar time."""
    ooe: float | None
    """Ideal time of the good parts / (planned busy time + planned stops)."""
    nee: float | None
    """Net equipment effectiveness: as OEE, with all setup as if it were production time."""
    utilization_efficiency: float | None
    """APT / (APT + setup outside of it + delay)."""
    mtbf_s: float | None
    """Mean operating time between failures: APT / breakdowns."""
    mttr_s: float | None
    """Mean time to repair: unplanned stops / breakdowns."""


def calendar_ms(time: TimeElements) -> int:
    """T: all of the time, whatever it was meant for."""
    outside = time.not_scheduled_ms + time.unplanned_running_ms + time.planned_stop_ms
    return planned_busy_ms(time) + time.excluded_unknown_ms + outside


def losses(time: TimeElements, quantities: Quantities) -> Losses:
    """Where planned busy time went, if it did not go into good parts at their ideal cycle."""
    ideal, good = quantities.ideal_us, quantities.ideal_good_us
    known = ideal_is_known(time, quantities)
    return Losses(
        breakdown=1000 * (time.unplanned_stop_ms + time.delay_ms),
        setup=1000 * time.setup_ms,
        minor_stops=1000 * time.minor_stop_ms,
        speed=1000 * time.running_ms - ideal if known else None,
        defects=ideal - good - quantities.ideal_startup_us if known else None,
        startup=quantities.ideal_startup_us if known else None,
        unknown=1000 * (time.unknown_ms - time.excluded_unknown_ms),
    )


def in_units(loss_us: int | None, time: TimeElements, quantities: Quantities) -> float | None:
    """The loss as parts: time over the mean ideal cycle of what was produced."""
    if loss_us is None or not ideal_is_known(time, quantities):
        return None
    return ratio(loss_us * produced(quantities), quantities.ideal_us)


def further_ratios(time: TimeElements, quantities: Quantities, stops: StopCounts) -> FurtherRatios:
    """TEEP, OOE, NEE, utilization efficiency, MTBF and MTTR.

    OEE's E times Q is the ideal time of the good parts over APT here as well, so that products of
    different ideal cycles add up.
    """
    planned, actual = planned_busy_ms(time), actual_production_ms(time)
    setup = time.setup_ms - time.producing_setup_ms
    good = quantities.ideal_good_us
    known = ideal_is_known(time, quantities)
    return FurtherRatios(
        teep=ratio(good, calendar_ms(time) * 1000) if known else None,
        ooe=ratio(good, (planned + time.planned_stop_ms) * 1000) if known else None,
        nee=ratio(good * (actual + setup), planned * actual * 1000) if known else None,
        utilization_efficiency=ratio(actual, actual + setup + time.delay_ms),
        mtbf_s=ratio(actual, stops.breakdowns * 1000),
        mttr_s=ratio(time.unplanned_stop_ms, stops.breakdowns * 1000),
    )
