"""Samples that could not be used: all are counted, each kind is logged once."""

from collections.abc import Iterable

import structlog

from ingest.mapping import Problem
from ingest.metrics import EdgeMetrics

LOGGED_KINDS = 1_000
"""Kinds (reason, equipment, tag) that are logged at most."""

_log = structlog.get_logger(__name__)


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
                equipment=problem.equipment,
                tag=problem.tag,
                value=problem.value,
            )
