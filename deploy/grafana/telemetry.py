"""SQL of measured values: from samples, or from an aggregate where those are too many or dropped."""

from collections.abc import Mapping
from typing import NamedTuple

from deploy.grafana import sql

_GOOD = "value IS NOT NULL AND quality & 3221225472 = 0"
"""As aggregates and telemetry_gapfill have it: the two highest bits say Good."""
_LONGEST = {
    "raw": "interval '4 hours'",
    "1m": "interval '2 days'",
    "5m": "interval '2 days'",
    "15m": "interval '60 days'",
    "1h": "interval '1000 years'",
}
"""The longest span for which each level is read; the first one of which nothing is dropped is taken."""


class _Span(NamedTuple):
    """From when on, and how long."""

    begins: str
    length: str


_RANGE = _Span(sql.FROM, f"{sql.TO} - {sql.FROM}")
_LAST_HOUR = _Span(f"{sql.TO} - interval '1 hour'", "interval '1 hour'")


def curve(tag: str) -> str:
    """A mean per interval and machine of a measured value: the sum of the samples / their number."""
    found = _found([tag], "time AS bucket, value AS total, 1 AS samples", "bucket, total, samples")
    return f"""{found}
SELECT {sql.BUCKET.format("bucket")} AS time, {sql.NAME} AS metric, sum(total) / nullif(sum(samples), 0) AS value
FROM found {sql.NAMED}
GROUP BY 1, 2 ORDER BY 1"""


def extremes(tag: str) -> str:
    """The least and the greatest value of the range, a row per machine."""
    found = _found([tag], "value AS minimum, value AS maximum", "minimum, maximum")
    return f"""{found}
SELECT {sql.NAME} AS equipment, min(minimum) AS minimum, max(maximum) AS maximum
FROM found {sql.NAMED} GROUP BY 1 ORDER BY 1"""


def newest(columns: Mapping[str, str], must: str | None = None) -> str:
    """The newest values of some tags in the last hour, a row per machine; of those with `must`."""
    tags = list(columns.values())
    found = _found(
        tags, "tag, time, value", "tag, last_at AS time, last_value AS value", _LAST_HOUR
    )
    told = ",\n    ".join(
        f"max(value) FILTER (WHERE tag = '{tag}') AS {column}" for column, tag in columns.items()
    )
    only = "" if must is None else f"HAVING bool_or(tag = '{must}') "
    return f"""{found}, newest AS (
    SELECT DISTINCT ON (equipment, tag) equipment, tag, value FROM found ORDER BY equipment, tag, time DESC
)
SELECT {sql.NAME} AS equipment,
    {told}
FROM newest {sql.NAMED}
GROUP BY 1 {only}ORDER BY 1"""


def _found(tags: list[str], of_samples: str, of_buckets: str, span: _Span = _RANGE) -> str:
    """A CTE `found` of these columns of good values: of all levels but one nothing is read.

    What retention dropped is known when the question is run; the length is when it is planned.
    """
    begins, length = span
    these = f"{sql.MACHINES_CHOSEN} AND tag IN ({', '.join(map(repr, tags))})"
    read = {
        level: f"SELECT equipment, {of_buckets} FROM telemetry_{level}\n"
        f"    WHERE {these} AND samples > 0 AND bucket >= {begins} AND bucket < {sql.TO}"
        for level in _LONGEST
    }
    read["raw"] = (
        f"SELECT equipment, {of_samples} FROM telemetry\n"
        f"    WHERE run = '' AND {these} AND {_GOOD} AND time >= {begins} AND time < {sql.TO}"
    )
    parts = [
        f"{part} AND {length} <= {_LONGEST[level]}\n"
        f"        AND (SELECT level FROM kept) = '{level}'"
        for level, part in read.items()
    ]
    told = "\n    UNION ALL\n    ".join(parts)
    limits = " ".join(f"WHEN '{level}' THEN {longest}" for level, longest in _LONGEST.items())
    return f"""WITH kept AS (
    SELECT level FROM telemetry_retention
    WHERE {length} <= CASE level {limits} END
        AND (dropped_before IS NULL OR dropped_before <= {begins} OR level = '1h')
    ORDER BY "position" LIMIT 1
), found AS (
    {told}
)"""
