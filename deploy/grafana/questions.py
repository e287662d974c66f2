"""Questions as Grafana's data sources take them: SQL for TimescaleDB, PromQL for Prometheus."""

from dataclasses import dataclass
from typing import Self

from grafana_foundation_sdk.builders import prometheus
from grafana_foundation_sdk.cog import variants
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import AnnotationTarget, DataSourceRef

TIMESCALE = DataSourceRef("grafana-postgresql-datasource", "timescale")
PROMETHEUS = DataSourceRef("prometheus", "prometheus")


@dataclass(slots=True)
class SqlQuestion(variants.Dataquery):
    """The Foundation SDK has no builder for PostgreSQL; these are the fields of its plugin."""

    sql: str
    over_time: bool
    ref_id: str = "A"

    def build(self) -> Self:
        """It is its own builder."""
        return self

    def to_json(self) -> dict[str, object]:
        """As it stands in a dashboard."""
        return {
            "datasource": TIMESCALE,
            "editorMode": "code",
            "format": "time_series" if self.over_time else "table",
            "rawQuery": True,
            "rawSql": self.sql,
            "refId": self.ref_id,
        }


class SqlMark(Builder[AnnotationTarget]):
    """Marks in graphs, of the columns time, timeEnd, text and tags."""

    def __init__(self, sql: str) -> None:
        self._sql = sql

    def build(self) -> AnnotationTarget:
        """What is asked."""
        return _SqlMarks(self._sql)


class _SqlMarks(AnnotationTarget):
    def __init__(self, sql: str) -> None:
        super().__init__()
        self._question = SqlQuestion(sql, over_time=False, ref_id="Anno")

    def to_json(self) -> dict[str, object]:
        """As it stands in a dashboard."""
        return self._question.to_json()


def promql(legend: str, expression: str, ref_id: str) -> prometheus.Dataquery:
    """A curve per series, named by its labels."""
    return (
        prometheus.Dataquery()
        .ref_id(ref_id)
        .datasource(PROMETHEUS)
        .expr(expression)
        .legend_format(legend)
        .range()
    )
