"""The family of alerts: how many stand how."""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import Metric
from pydantic import BaseModel

from schemas.alerts import SEVERITIES, AlertTransition
from schemas.plant.load import PlantFile
from schemas.topics import ALERT
from sinks.metrics.family import Labels, Named, Reading, gauge

STATES = ("pending", "firing")
ALERTS = Named("alerts", "Alerts that are pending or firing.", ("state", "severity"))


class AlertsFamily:
    """Follows the life of alerts; what is resolved is forgotten."""

    reads = (Reading(ALERT, (AlertTransition,)),)

    def __init__(self) -> None:
        self._open: dict[str, Labels] = {}

    def use(self, plant: PlantFile) -> None:
        """States and severities are the same in every plant."""
        del plant

    def take(self, record: BaseModel, *, is_news: bool) -> None:
        """Follow a record; none of these counts anything."""
        del is_news
        if not isinstance(record, AlertTransition):
            return
        self._open.pop(record.fingerprint, None)
        if record.state in STATES:
            self._open[record.fingerprint] = (record.state, record.severity)

    def metrics(self, prefix: str, now: datetime) -> Iterator[Metric]:
        """All of it, as it is now."""
        del now
        found: dict[Labels, float] = {
            (state, severity): 0.0 for state in STATES for severity in SEVERITIES
        }
        for labels in self._open.values():
            found[labels] += 1
        yield gauge(ALERTS, prefix, found)
