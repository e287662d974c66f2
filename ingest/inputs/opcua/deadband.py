"""What a server is asked to hold back; what a deadband means is said in `ingest.reporting`."""

from typing import Literal

from asyncua import ua

from ingest.inputs.opcua.watch import Watch

Report = Literal["changes", "updates"]

_ALL_UPDATES = ua.DataChangeFilter(Trigger=ua.DataChangeTrigger.StatusValueTimestamp)


def filter_of(watch: Watch, report: Report) -> ua.DataChangeFilter | None:
    """What the server is asked to hold back of this tag; a deadband goes before all updates."""
    if watch.deadband is None:
        return _ALL_UPDATES if report == "updates" else None
    kind, width = ua.DeadbandType.Absolute, watch.deadband.absolute
    if width is None:
        kind, width = ua.DeadbandType.Percent, watch.deadband.percent
    return ua.DataChangeFilter(
        Trigger=ua.DataChangeTrigger.StatusValue, DeadbandType=kind, DeadbandValue=width
    )
