"""Deadbands: what the server is asked to hold back, and what is held back here."""

from collections.abc import Sequence
from typing import Literal

from asyncua import ua

from ingest.input import Sample
from ingest.inputs.opcua.watch import Watch

Report = Literal["changes", "updates"]

_WHOLE = 100.0
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


class Deadbands:
    """What was kept last of each tag, so that smaller changes can be held back here.

    An absolute deadband is always applied: after a server that did so it holds nothing back. A
    percentage of a range is the server's to know; where it will not, the value itself counts.
    """

    def __init__(self, watched: Sequence[Watch]) -> None:
        self._watched = watched
        self._kept: dict[int, Sample] = {}
        self._ours: set[int] = set()

    def take_over(self, handles: Sequence[int]) -> None:
        """The server does not hold back anything of these."""
        self._ours.update(handles)

    def forget(self) -> None:
        """The next value of every tag is news."""
        self._kept.clear()
        self._ours.clear()

    def is_news(self, handle: int, sample: Sample) -> bool:
        """Whether the sample goes on; it is then what the next one is compared with."""
        if self._watched[handle].deadband is None:
            return True
        before = self._kept.get(handle)
        if before is not None and self._is_small(handle, before, sample):
            return False
        self._kept[handle] = sample
        return True

    def _is_small(self, handle: int, before: Sample, sample: Sample) -> bool:
        width = self._width(handle, before)
        if width is None or before.quality != sample.quality:
            return False
        if not isinstance(sample.value, int | float) or not isinstance(before.value, int | float):
            return False
        return abs(sample.value - before.value) <= width

    def _width(self, handle: int, before: Sample) -> float | None:
        deadband = self._watched[handle].deadband
        if deadband is None or deadband.percent is None:
            return None if deadband is None else deadband.absolute
        if handle not in self._ours or not isinstance(before.value, int | float):
            return None
        return abs(before.value) * deadband.percent / _WHOLE
