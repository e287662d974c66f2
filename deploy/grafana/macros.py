"""What Grafana puts into a question before it asks: times, intervals, what people chose."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

POINTS = 500
"""About so many points a graph is wide."""
_NICE = {
    timedelta(seconds=1): "1s",
    timedelta(seconds=5): "5s",
    timedelta(seconds=10): "10s",
    timedelta(seconds=30): "30s",
    timedelta(minutes=1): "1m",
    timedelta(minutes=5): "5m",
    timedelta(minutes=15): "15m",
    timedelta(hours=1): "1h",
    timedelta(hours=6): "6h",
    timedelta(days=1): "1d",
}
_ARGUMENT = re.compile(r"\$__timeFilter\(([^),]*)[^)]*\)")
"""As in Grafana itself: up to the first comma or parenthesis, so it takes columns and no calls."""
_CHOSEN = re.compile(r"\$\{(\w+)(?::(sqlstring|raw))?\}")


@dataclass(frozen=True, slots=True)
class Asked:
    """The range and the choices with which somebody looks at a dashboard."""

    begins: datetime
    ends: datetime
    chosen: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Values by variable; several of one that takes several."""

    def expanded(self, sql: str, least: str | None = None) -> str:
        """The question as PostgreSQL gets it.

        Raises:
            KeyError: the question names a variable that nobody chose.
        """
        begins, ends = (f"'{_utc(one)}'" for one in (self.begins, self.ends))
        sql = _ARGUMENT.sub(rf"\1 BETWEEN {begins} AND {ends}", sql)
        sql = sql.replace("$__timeFrom()", begins).replace("$__timeTo()", ends)
        sql = sql.replace("$__interval", self._interval(least))
        return _CHOSEN.sub(self._value, sql)

    def _interval(self, least: str | None) -> str:
        """The first usual interval that leaves few enough points, and is not below the least."""
        names = list(_NICE.values())
        wanted = (self.ends - self.begins) / POINTS
        fitting = [name for width, name in _NICE.items() if width >= wanted] or names[-1:]
        return max(fitting[0], least or fitting[0], key=names.index)

    def _value(self, found: re.Match[str]) -> str:
        values = self.chosen[found[1]]
        if found[2] == "sqlstring":
            return ", ".join("'" + value.replace("'", "''") + "'" for value in values)
        return ",".join(values)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
