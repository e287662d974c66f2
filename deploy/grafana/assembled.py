"""Whole dashboards: their rows, choices, marks, links, ranges."""

from collections.abc import Mapping

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import dashboard as model

from deploy.grafana import variables
from deploy.grafana.boards.executive import EXECUTIVE
from deploy.grafana.boards.factory import FACTORY
from deploy.grafana.boards.operations import OPERATIONS
from deploy.grafana.boards.pipeline import PIPELINE
from deploy.grafana.boards.quality import QUALITY
from deploy.grafana.boards.reactor import REACTOR
from deploy.grafana.panels import built
from deploy.grafana.questions import TIMESCALE, SqlMark
from deploy.grafana.shapes import Board
from deploy.grafana.words import Words

BOARDS = (FACTORY, REACTOR, QUALITY, OPERATIONS, EXECUTIVE, PIPELINE)
RANGES: Mapping[str, str] = {
    one: f"now-{one}" for one in ("1h", "4h", "12h", "24h", "7d", "30d", "90d", "1y")
}
REFRESHED = ["5s", "30s", "1m", "5m"]


def dashboard(board: Board, words: Words, runbooks: str) -> model.Dashboard:
    """One board in one language."""
    tag = f"plantstream-{words.language}"
    of = (
        build.Dashboard(words.of("boards", board.id))
        .uid(f"plantstream-{board.id}-{words.language}")
        .tags(["plantstream", tag])
        .time(board.span, "now")
        .refresh(board.refresh)
        .timepicker(_picker(words))
        .timezone("browser")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .link(_to_the_others(tag, words))
    )
    for name in board.variables:
        of.with_variable(_variable(name, words))
    for name, value in ((variables.RUNBOOKS, runbooks), (variables.LANGUAGE, words.language)):
        of.with_variable(build.ConstantVariable(name).value(value))
    for name in board.annotations:
        of.annotation(_marks(name, words))
    for row in board.rows:
        of.with_row(build.Row(words.of("rows", row.id)))
        for panel in row.panels:
            of.with_panel(built(panel, words))
    made = of.build()
    for number, one in enumerate(made.panels or (), start=1):
        one.id_val = number
    return made


def _picker(words: Words) -> build.TimePicker:
    ranges = [
        build.TimeOption().display(words.of("ranges", name)).from_val(begins).to("now")
        for name, begins in RANGES.items()
    ]
    return build.TimePicker().refresh_intervals(REFRESHED).quick_ranges(list(ranges))


def _to_the_others(tag: str, words: Words) -> build.DashboardLink:
    return (
        build.DashboardLink(words.of("links", "boards"))
        .type(model.DashboardLinkType.DASHBOARDS)
        .tags([tag])
        .include_vars(include_vars=True)
        .keep_time(keep_time=True)
    )


def _variable(name: str, words: Words) -> build.QueryVariable | build.CustomVariable:
    one = variables.VARIABLES[name]
    label = words.of("variables", name if name in words.known("variables") else one.name)
    if one.values:
        told = ", ".join(f"{words.of('values', value)} : {value}" for value in one.values)
        first = model.VariableOption(True, words.of("values", one.values[0]), one.values[0])
        return build.CustomVariable(one.name).label(label).values(told).current(first)
    of = (
        build.QueryVariable(one.name)
        .label(label)
        .datasource(TIMESCALE)
        .query(one.sql)
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.DISABLED)
        .multi(one.several)
        .include_all(one.several)
    )
    if one.several:
        of.current(model.VariableOption(True, ["All"], ["$__all"]))
    return of


def _marks(name: str, words: Words) -> build.AnnotationQuery:
    return (
        build.AnnotationQuery()
        .name(words.of("annotations", name))
        .datasource(TIMESCALE)
        .enable(name in variables.ON_AT_FIRST)
        .icon_color(variables.ANNOTATION_COLOURS[name])
        .target(SqlMark(variables.ANNOTATIONS[name]))
    )
