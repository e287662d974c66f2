"""What a server is asked to hold back; what a deadband means is said in `ingest.reporting`."""

from typing import Literal

from asyncua import ua

from ingest.inputs.opcua.watch import Watch

Report = Literal["changes", "updates"]

_ALL_UPDATES = ua.DataChangeFilter(Trigger=ua.DataChangeTrigger.StatusValueTimestamp)


def filter_of(watch: Watch, report: Report) -> ua.DataChangeFilter | None:
    """What the server is asked to hold back of this tag; a deadband goes before all updates.

    Two cycles may take equally long, so of a cycle time every update is asked for.
    """
    if watch.deadband is None:
        wants_all = report == "updates" or watch.means == "cycle_time"
        return _ALL_UPDATES if wants_all else None
    kind, width = ua.DeadbandType.Absolute, watch.deadband.absolute
    if width is None:
        kind, width = ua.DeadbandType.Percent, watch.deadband.percent
    return ua.DataChangeFilter(
        Trigger=ua.DataChangeTrigger.StatusValue, DeadbandType=kind, DeadbandValue=width
    )
