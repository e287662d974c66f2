"""Samples that could not be used: all are counted, each kind is logged once."""

from collections.abc import Iterable, Mapping

from ingest.counters import Ignored
from ingest.drafts import Problem
from ingest.meanings import MAX_NAME
from ingest.metrics import EdgeMetrics
from plantstream.runtime.logs import get_logger
from schemas.record import LARGEST_NUMBER

LOGGED_KINDS = 1_000
"""Kinds (reason, equipment, tag) that are logged at most."""

LOOK = "compare what the device sends with the tag in the plant file"
WHAT_TO_DO: Mapping[str, str] = {
    "unknown_tag": "add the tag to the plant file, or stop sending it",
    "unknown_equipment": "add the equipment to the plant file, or stop sending it",
    "clock_skew": "set the clock of the device, or of the edge: let both follow a time server, and "
    "see whether the device tells local time as UTC",
    "wrong_value": "correct data type or byte order of the tag: it is no number where one belongs, "
    f"or one beyond {LARGEST_NUMBER:g}, which some devices say for a value that they do not have",
    "bad_quality": "see to the sensor or the connection behind the device",
    "state_not_readable": "let the device send a state that `states` or `running_above` can judge",
    "name_not_readable": f"let the device send a text of at most {MAX_NAME} characters",
    "cycle_time_not_usable": "give the tag its `source_unit`, or another address: a cycle time is "
    "positive and at most a week",
    Ignored.NOT_A_NUMBER: "let the tag name a number: a counter is no text and no truth value",
    Ignored.NEGATIVE: "read it as an unsigned number",
    Ignored.TOO_LARGE: "correct data type or byte order of the tag, or its `scale`",
    Ignored.STRAGGLER: "nothing, if it is rare: a reading arrived out of order",
    Ignored.JUMP: "it is not counted: see to data type, byte order and `scale` of the tag; if the "
    "parts were made, set `most_per_s`, or raise it, and report them by hand",
}
"""By reason."""

_log = get_logger(__name__)


class ProblemLog:
    """Tells of problems."""

    def __init__(self, metrics: EdgeMetrics) -> None:
        self._metrics = metrics
        self._logged: set[tuple[str, str, str]] = set()

    def tell(self, problems: Iterable[Problem]) -> None:
        """Count these, and log those of a new kind."""
        for problem in problems:
            self._metrics.problems.labels(problem.reason).inc()
            kind = (problem.reason, problem.equipment, problem.tag)
            if kind in self._logged or len(self._logged) >= LOGGED_KINDS:
                continue
            self._logged.add(kind)
            _log.warning(
                "sample not usable; further ones of this kind are only counted",
                reason=problem.reason,
                source=problem.source,
                equipment=problem.equipment,
                tag=problem.tag,
                value=problem.value,
                what_to_do=WHAT_TO_DO.get(problem.reason, LOOK),
            )
