"""What leaves the rules, and what comes in twice."""

from collections.abc import Iterable, MutableMapping

from processors.step import Output
from schemas.alerts import AlertTransition
from schemas.machine import Gap
from schemas.record import EventId
from schemas.topics import ALERT

_MARKS = 50
"""Sources and epochs that are remembered; those of which nothing was heard for longest go."""


def outputs(told: Iterable[AlertTransition]) -> list[Output]:
    """The transitions as records of their topic."""
    return [Output(ALERT, one.site, one.record_id(), one) for one in told]


def is_repeat(marks: MutableMapping[str, int], event: EventId, topic: str, record: object) -> bool:
    """Whether this event was applied before; if not, it is from now on.

    A gap that stands for lost events has the id of the event that showed it.
    """
    if isinstance(record, Gap):
        return False
    name = f"{event.source}|{event.epoch}|{topic}"
    if event.seq <= marks.get(name, -1):
        return True
    marks.pop(name, None)
    marks[name] = event.seq
    while len(marks) > _MARKS:
        del marks[next(iter(marks))]
    return False
