"""What a benchmark says: a value, what the same machine gives for plainer work, and the target."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypedDict


class Needs(Enum):
    """What has to run for a benchmark."""

    NOTHING = auto()
    KAFKA = auto()
    DATABASE = auto()
    STACK = auto()
    """Kafka, TimescaleDB and the services."""


class Row(TypedDict):
    """One entry of `build/bench.json`."""

    id: str
    value: float
    unit: str
    reference: float
    ratio: float | None
    target: float
    met: bool


@dataclass(frozen=True, slots=True)
class Aim:
    """What a figure is measured in, and what it has to stay below, or to reach."""

    unit: str
    target: float
    is_floor: bool = False
    """Whether more is better: the target is reached, not stayed below."""

    def met(self, value: float) -> bool:
        """Whether the target is."""
        return value >= self.target if self.is_floor else value < self.target


AIMS = {
    "replay_s": Aim("s", 60.0),
    "replay_rss_mb": Aim("MB", 300.0),
    "row_p99_ms": Aim("ms", 2000.0),
    "modbus_ratio": Aim("times", 0.8, is_floor=True),
    "modbus_decode_plain": Aim("times", 2.0),
    "modbus_decode_mixed": Aim("times", 8.0),
    "opcua_ratio": Aim("times", 0.8, is_floor=True),
    "opcua_kafka_p99_ms": Aim("ms", 700.0),
    "spool_per_s": Aim("samples/s", 100_000.0, is_floor=True),
    "spool_drain_s": Aim("s", 60.0),
    "oee_step_ratio": Aim("times", 20.0),
    "oee_tick_ratio": Aim("times", 5.0),
    "dispatch_storm_s": Aim("s", 10.0),
    "dispatch_event_us": Aim("µs", 2000.0),
    "rules_ratio": Aim("times", 0.9, is_floor=True),
    "page_p99_ms": Aim("ms", 1000.0),
    "page_p50_ms": Aim("ms", 400.0),
    "page_for30_p99_ms": Aim("ms", 31_000.0),
    "row_load_p99_ms": Aim("ms", 1000.0),
    "page_load_p99_ms": Aim("ms", 1000.0),
    "row_opcua_p99_ms": Aim("ms", 1000.0),
    "page_opcua_p99_ms": Aim("ms", 1000.0),
    "storm_s": Aim("s", 10.0),
    "storm_api_p99_ms": Aim("ms", 100.0),
    "urgent_ratio": Aim("times", 0.9, is_floor=True),
    "urgent_p99_ms": Aim("ms", 100.0),
    "alert_precision": Aim("share", 0.5, is_floor=True),
    "alert_recall": Aim("share", 0.5, is_floor=True),
    "audit_verify_s": Aim("s", 5.0),
    "compliance_alert_p99_ms": Aim("ms", 1000.0),
    "sink_ratio": Aim("times", 0.7, is_floor=True),
    "sink_batch_p99_ms": Aim("ms", 250.0),
    "sink_rss_mb": Aim("MB", 300.0),
    "sink_drain_ratio": Aim("times", 4.0, is_floor=True),
    "migrate_s": Aim("s", 60.0),
    "recovery_s": Aim("s", 10.0),
    "flat_equipment": Aim("times", 1.2),
    "equipment_kb": Aim("kB", 30.0),
    "two_workers": Aim("times", 0.9, is_floor=True),
    "dashboard_avg_ms": Aim("ms", 50.0),
    "dashboard_max_ms": Aim("ms", 500.0),
    "quix_frames": Aim("times", 10.0, is_floor=True),
    "bytewax_frames": Aim("times", 3.0, is_floor=True),
    "quix_single": Aim("times", 0.3, is_floor=True),
    "bare_loop": Aim("µs", 150.0),
}
"""By id. An id is fixed: a figure that changes its meaning gets a new one."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value beside its reference, which was measured in the same run."""

    id: str
    value: float
    reference: float

    def row(self) -> Row:
        """As it is written."""
        aim = AIMS[self.id]
        return Row(
            id=self.id,
            value=round(self.value, 3),
            unit=aim.unit,
            reference=round(self.reference, 3),
            ratio=round(self.value / self.reference, 3) if self.reference else None,
            target=aim.target,
            met=aim.met(self.value),
        )


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all values does not exceed.

    Raises:
        ValueError: there is no value.
    """
    if not values:
        raise ValueError("no value was measured")
    ordered = sorted(values)
    rank = -int(-share * len(ordered) // 1)
    return ordered[max(0, min(rank, len(ordered)) - 1)]
