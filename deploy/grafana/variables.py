"""What people choose on top of a dashboard, and what is marked in its graphs, by SQL."""

from dataclasses import dataclass

from deploy.grafana import sql

LANGUAGE = "language"
"""The variable with the language of a dashboard, for words that the database has in several."""
RUNBOOKS = "runbooks"
"""The variable with the address below which the pages of alerts are."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A choice: of what a question answers, or of what is listed."""

    name: str
    sql: str = ""
    values: tuple[str, ...] = ()
    """Instead of a question."""
    several: bool = True


def _in_force(what: str, of: str = "true") -> str:
    return f"SELECT DISTINCT {what} FROM plant_equipment WHERE in_force AND {of}"


_AT_SITE = "site = ${site:sqlstring}"
_NAMES = f"SELECT name AS __text, equipment AS __value FROM {sql.MACHINES} WHERE {_AT_SITE}"

VARIABLES = {
    "site": Variable("site", f"{_in_force('site')} ORDER BY 1", several=False),
    "line": Variable("line", f"{_in_force('line', _AT_SITE)} ORDER BY 1"),
    "equipment": Variable(
        "equipment", f"{_NAMES} AND line = ANY (ARRAY[${{line:sqlstring}}]::text[]) ORDER BY 1"
    ),
    "reactor": Variable("equipment", f"{_NAMES} AND class = 'reactor' ORDER BY 1"),
    "product": Variable(
        "product",
        """SELECT DISTINCT product FROM (
    SELECT product FROM plant_demand WHERE site = ${site:sqlstring}
    UNION ALL
    SELECT product FROM compliance_by_product WHERE run = '' AND site = ${site:sqlstring} AND period = '30d'
    UNION ALL
    SELECT product FROM batch_release WHERE run = '' AND site = ${site:sqlstring}
) AS made ORDER BY 1""",
    ),
    "shift": Variable(
        "shift",
        f"""SELECT DISTINCT split_part(shift, '/', 2) FROM oee_by_shift
WHERE {sql.THESE} AND day BETWEEN {sql.TO}::date - 31 AND {sql.TO}::date + 1 ORDER BY 1""",
    ),
    "period": Variable("period", values=("day", "week", "month", "quarter", "year"), several=False),
}

ANNOTATIONS = {
    "shifts": f"""SELECT min(window_start) AS time, max(window_end) AS "timeEnd", split_part(shift, '/', 2) AS text
FROM oee_by_shift WHERE {sql.THESE} AND {sql.DAYS_OVERLAP} GROUP BY shift""",
    "batches": f"""SELECT start AS time, coalesce("end", {sql.TO}) AS "timeEnd", batch AS text, product AS tags
FROM batch_cycles WHERE {sql.THESE} AND start < {sql.TO} AND coalesce("end", {sql.TO}) > {sql.FROM}
ORDER BY start DESC LIMIT 200""",
    "alerts": f"""SELECT fired_at AS time, coalesce(resolved_at, {sql.TO}) AS "timeEnd",
    alertname || ': ' || coalesce(words -> ${{language:sqlstring}} ->> 'summary', summary) AS text, severity AS tags
FROM alerts WHERE {sql.AT_SITE} AND fired_at < {sql.TO} AND coalesce(resolved_at, {sql.TO}) > {sql.FROM}
ORDER BY fired_at DESC LIMIT 200""",
}
ANNOTATION_COLOURS = {"shifts": "#8e8e8e", "batches": "blue", "alerts": "red"}
ON_AT_FIRST = ("shifts", "alerts")
"""The others are a click away."""
