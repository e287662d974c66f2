"""Tables of holds on records of batches. Pure."""

from collections.abc import Mapping

from schemas.acts import BatchHeld, HoldReleased
from sinks.timescale.table import Row, Table, columns


def _hold(act: BatchHeld) -> Row:
    return (
        *(act.site, act.statement, act.batch, act.reason, act.by, act.plant_version),
        act.source_time,
    )


def _release(act: HoldReleased) -> Row:
    return (
        *(act.site, act.hold, act.statement, act.batch, act.reason, act.by, act.plant_version),
        act.source_time,
    )


HOLDS = Table(
    "batch_hold",
    columns(text="site hold batch reason held_by plant_version", timestamptz="held_at"),
    _hold,
    key=("site", "hold"),
)
RELEASES = Table(
    "batch_hold_release",
    columns(
        text="site hold statement batch reason released_by plant_version",
        timestamptz="released_at",
    ),
    _release,
    key=("site", "hold"),
)

RECORDS: Mapping[type, tuple[Table, ...]] = {BatchHeld: (HOLDS,), HoldReleased: (RELEASES,)}
"""Where each record about records is stored."""
