"""Panels as Grafana's JSON, by its Foundation SDK."""

from collections.abc import Callable, Iterator, Mapping
from string import ascii_uppercase
from typing import Any

from grafana_foundation_sdk.builders import (
    barchart,
    bargauge,
    common,
    dashboard as build,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.models import common as kinds, dashboard as model

from deploy.grafana import colours
from deploy.grafana.questions import PROMETHEUS, TIMESCALE, SqlQuestion, promql
from deploy.grafana.shapes import Column, Kind, Panel
from deploy.grafana.variables import RUNBOOKS
from deploy.grafana.words import Words

_BUILDERS: Mapping[Kind, Callable[[], Any]] = {
    Kind.STAT: stat.Panel,
    Kind.SERIES: timeseries.Panel,
    Kind.TABLE: table.Panel,
    Kind.BARS: barchart.Panel,
    Kind.GAUGES: bargauge.Panel,
    Kind.STATES: statetimeline.Panel,
}
_OVER_TIME = (Kind.SERIES, Kind.STATES)


def built(panel: Panel, words: Words) -> Any:
    """The SDK's builder of this panel, with everything that is said of it."""
    width, height = panel.size
    of = _BUILDERS[panel.kind]()
    of.title(words.of("panels", panel.id)).description(words.of("about", panel.id))
    of.span(width).height(height).unit(panel.unit).no_value("-")
    of.datasource(PROMETHEUS if panel.promql else TIMESCALE)
    for question in _questions(panel):
        of.with_target(question)
    if panel.kind is not Kind.STATES:
        of.thresholds(_steps(panel.steps or colours.PLAIN))
    for given, tell in (
        (panel.decimals, of.decimals),
        (panel.span, of.time_from),
        (panel.least, of.interval),
        (panel.at_least, of.min),
        (panel.at_most, of.max),
    ):
        if given is not None:
            tell(given)
    for column in panel.columns:
        of.override_by_name(column.name, list(_properties(panel, column, words)))
    _DRAW[panel.kind](of, panel, words)
    return of


def _questions(panel: Panel) -> Iterator[Any]:
    if panel.sql:
        yield SqlQuestion(panel.sql, over_time=panel.kind in _OVER_TIME)
    for ref_id, (legend, expression) in zip(ascii_uppercase, panel.promql.items(), strict=False):
        yield promql(legend, expression, ref_id)


def _steps(steps: colours.Steps) -> build.ThresholdsConfig:
    told = [model.Threshold(value, colour) for value, colour in steps.items()]
    return build.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(told)


def _properties(panel: Panel, column: Column, words: Words) -> Iterator[model.DynamicConfigValue]:
    """What differs of one column; in bands of states the values are places in CATEGORIES."""
    in_bands = panel.kind is Kind.STATES
    colour = _SERIES.get(column.name) if panel.kind is Kind.SERIES else None
    cells = panel.kind is Kind.TABLE and (column.steps or column.values)
    told = {
        "displayName": None if in_bands else words.of("columns", column.name),
        "unit": column.unit,
        "decimals": column.decimals,
        "custom.width": column.width,
        "thresholds": _steps(column.steps).build() if column.steps else None,
        "mappings": _mappings(column, words, numbered=in_bands),
        "custom.cellOptions": {"type": "color-text"} if cells else None,
        "color": {"mode": "fixed", "fixedColor": colour} if colour else None,
        "links": [_link(column.link, words)] if column.link else None,
    }
    for name, value in told.items():
        if value is not None:
            yield model.DynamicConfigValue(name, value)


def _link(named: str, words: Words) -> dict[str, object]:
    """To the page of an alert."""
    url = f"${{{RUNBOOKS}}}/${{__value.raw}}.md"
    return {"title": words.of("links", named), "url": url, "targetBlank": True}


_SERIES = {
    **colours.NAMED["category"],
    "good": colours.GREEN,
    "rejects": colours.RED,
    "pass": colours.GREEN,
    "out_of_trend": colours.YELLOW,
    "fail": colours.RED,
}
"""Curves that have a colour of their own, so that they have it on every dashboard."""


def _mappings(
    column: Column, words: Words, *, numbered: bool
) -> list[model.ValueMap | model.RegexMap] | None:
    """How values are told; of `begins_with` only their beginning is, and the rest stays."""
    said = model.ValueMappingResult
    if column.begins_with:
        return [
            model.RegexMap(
                model.DashboardRegexMapOptions(
                    f"^{value}(:.*)?$", said(f"{words.of('values', value)}$1", colour, index=place)
                )
            )
            for place, (value, colour) in enumerate(colours.NAMED[column.begins_with].items())
        ]
    if column.values:
        named = enumerate(colours.NAMED[column.values].items())
        return [
            model.ValueMap(
                {
                    str(place) if numbered else value: said(
                        words.of("values", value), colour, index=place
                    )
                    for place, (value, colour) in named
                }
            )
        ]
    return None


def _stat(of: Any, panel: Panel, _: Words) -> None:
    of.reduce_options(_newest()).color_mode(kinds.BigValueColorMode.VALUE)
    of.graph_mode(kinds.BigValueGraphMode.AREA if panel.promql else kinds.BigValueGraphMode.NONE)


def _series(of: Any, panel: Panel, _: Words) -> None:
    legend = common.VizLegendOptions().show_legend(show_legend=True)
    of.legend(
        legend.placement(kinds.LegendPlacement.BOTTOM).display_mode(kinds.LegendDisplayMode.LIST)
    )
    of.tooltip(common.VizTooltipOptions().mode(kinds.TooltipDisplayMode.MULTI))
    of.show_points(kinds.VisibilityMode.AUTO).line_width(0 if panel.bars else 2)
    of.fill_opacity(80 if panel.bars else 8)
    if panel.bars:
        of.draw_style(kinds.GraphDrawStyle.BARS)
    if panel.points:
        of.draw_style(kinds.GraphDrawStyle.POINTS).point_size(6)
    if panel.shows:
        of.axis_soft_min(panel.shows[0]).axis_soft_max(panel.shows[1])
    if panel.stacked:
        of.stacking(common.StackingConfig().mode(kinds.StackingMode.NORMAL).group("A"))
    if panel.limits:
        mode = kinds.GraphThresholdsStyleMode.DASHED
        of.thresholds_style(common.GraphThresholdsStyleConfig().mode(mode))


def _table(of: Any, _: Panel, __: Words) -> None:
    of.cell_height(kinds.TableCellHeight.SM).filterable(filterable=True)


def _bars(of: Any, _: Panel, __: Words) -> None:
    of.orientation(kinds.VizOrientation.HORIZONTAL).show_value(kinds.VisibilityMode.ALWAYS)
    of.legend(common.VizLegendOptions().show_legend(show_legend=False))
    of.color_scheme(build.FieldColor().mode(model.FieldColorModeId.THRESHOLDS))


def _gauges(of: Any, _: Panel, __: Words) -> None:
    of.reduce_options(_newest().values(values=True)).orientation(kinds.VizOrientation.HORIZONTAL)
    of.display_mode(kinds.BarGaugeDisplayMode.BASIC)


def _states(of: Any, _: Panel, __: Words) -> None:
    of.show_value(kinds.VisibilityMode.NEVER).merge_values(merge_values=True).row_height(0.8)
    of.fill_opacity(85).line_width(0)


def _newest() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().values(values=False).calcs(["lastNotNull"]).fields("")


_DRAW: Mapping[Kind, Callable[[Any, Panel, Words], None]] = {
    Kind.STAT: _stat,
    Kind.SERIES: _series,
    Kind.TABLE: _table,
    Kind.BARS: _bars,
    Kind.GAUGES: _gauges,
    Kind.STATES: _states,
}
