"""The live picture of the demo: every machine, and how fast the pipeline is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from plantstream.commands.demo_alerts import alert_lines
from processors.ratios import Ratios, ratios
from schemas.alerts import AlertStatus
from schemas.record import equipment_id
from sinks.timescale.overview import Overview

COLOURS: Mapping[str, str] = {
    "running": "green",
    "unplanned_running": "green",
    "setup": "cyan",
    "planned_stop": "blue",
    "minor_stop": "yellow",
    "delay": "yellow",
    "unplanned_stop": "red",
    "unknown": "magenta",
}


@dataclass(frozen=True, slots=True)
class Pulse:
    """How the pipeline does."""

    samples_per_s: float
    waiting: int
    """Records that are not in SQL yet."""
    latency_p99_s: float | None
    """From the machine's clock to the row."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What is to be seen at one moment."""

    machines: Sequence[Overview]
    alerts: Sequence[AlertStatus]
    """Those that fire, the gravest first."""
    pulse: Pulse
    title: str


def picture(shown: Shown, now: datetime) -> RenderableType:
    """One table, one line, and the open alerts."""
    table = Table(title=shown.title, title_justify="left", header_style="bold", box=SIMPLE_HEAD)
    for name in ("equipment", "state"):
        table.add_column(name, no_wrap=True)
    for name in ("good", "scrap", "A %", "E %", "Q %", "OEE %", "age s"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in shown.machines:
        table.add_row(*_cells(one, now))
    return Group(table, _line(shown.pulse), *alert_lines(shown.alerts, now))


def _cells(one: Overview, now: datetime) -> list[str | Text]:
    found: Ratios = ratios(one.time, one.quantities)
    state = one.category or "unknown"
    made = one.quantities
    return [
        equipment_id(one.equipment),
        Text(state.replace("_", " "), style=COLOURS.get(state, "white")),
        str(made.good + made.unplanned_good),
        str(made.scrap + made.unplanned_scrap),
        _percent(found.availability),
        _percent(found.effectiveness),
        _percent(found.quality_ratio),
        Text(_percent(found.oee), style="bold"),
        f"{(now - one.end).total_seconds():.0f}",
    ]


def _percent(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio * 100:.0f}"


def _line(pulse: Pulse) -> Text:
    latency = "-" if pulse.latency_p99_s is None else f"{pulse.latency_p99_s:.2f} s"
    return Text(
        f"{pulse.samples_per_s:.0f} samples/s into SQL · {pulse.waiting} records on their way · "
        f"event to row p99 {latency}"
    )
