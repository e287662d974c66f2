"""An explanation of OEE on the terminal."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from plantstream.commands.console import data
from plantstream.commands.durations import hours_minutes_seconds as span, moment
from plantstream.commands.oee_restated_text import restated_lines
from plantstream.commands.tables import print_columns, printable

REASONS_SHOWN = 3
NOTICED = 0.0005
"""What three digits show."""
WINDOWS_SHOWN = 3
Document = Mapping[str, Any]


def print_explained(told: Document) -> None:
    """The waterfall with reasons, the further ratios, the machines, and what was restated."""
    _say(heading(told))
    _say(_ratios(told))
    if told["constraint"] is not None:
        bottleneck = told["constraint"]
        _say(
            f"the line's OEE is that of its constraint {_short(bottleneck['equipment'])}:"
            f" {_number(bottleneck['oee'])}"
        )
    _say("")
    print_columns(_steps(told))
    for line in _notes(told):
        _say(line)
    if len(told["machines"]) > 1:
        _say("\nmachines by lost time")
        print_columns(map(_machine, told["machines"]))
        _say(_worst(told["machines"][0]))
    _say("\nsince the first report")
    for line in restated_lines(told["since_first_report"]):
        _say(line)
    _say("\n" + _sources(told["sources"]))


def heading(told: Document) -> str:
    """Which place, which run, which windows."""
    windows = told["windows"]
    count = len(windows)
    what = f"{told['by']} {', '.join(windows)}"
    if count > WINDOWS_SHOWN:
        what = f"{count} windows by {told['by']}"
    machines = len(told["machines"])
    of_machines = f", {machines} machines" if told["level"] != "equipment" else ""
    run = f"run {told['run']}" if told["run"] else "live"
    return (
        f"{told['level']} {told['place']}{of_machines}, {run}: {what},"
        f" {moment(told['start'])} to {moment(told['end'])} UTC"
    )


def reason_text(one: Document, as_text: Callable[[Any], str] = span) -> str:
    """`jam 0:12:30 (4 stops)`; what waits for others is marked as delay."""
    if "parts" in one:
        return f"{one['reason']} {one['parts']:,} part{'s' if one['parts'] != 1 else ''}"
    of_delay = " (delay)" if one["category"] == "delay" else ""
    name = f"{one['reason'] or 'no reason given'}{of_delay}"
    count = one["number"]
    stops = f" ({count} stop{'s' if count != 1 else ''})" if count else ""
    return f"{name} {as_text(one['seconds'])}{stops}"


def _steps(told: Document) -> Iterator[dict[str, Any]]:
    by_loss = {one["loss"]: one for one in told["losses"]}
    planned = next(one for one in told["waterfall"] if one["step"] == "planned time")["seconds"]
    for step in told["waterfall"]:
        loss = by_loss.get(step["step"]) if step["kind"] == "loss" else None
        reasons = told["planned_stops"] if step["step"] == "planned stops" else []
        inside = loss is not None or step["step"] in {"planned time", "run time", "ideal time"}
        inside = inside or step["step"] == "good parts"
        share = step["seconds"] / planned if inside and planned else None
        yield {
            "": step["step"] if step["kind"] == "total" else f"  {step['step']}",
            "h:min:s".rjust(9): span(step["seconds"]).rjust(9),
            "parts".rjust(9): _parts(told, step, loss).rjust(9),
            "of planned": "" if share is None else f"{share:.1%}".rjust(10),
            "largest reasons": _reasons(loss["reasons"] if loss else reasons),
        }


def _parts(told: Document, step: Document, loss: Document | None) -> str:
    if step["step"] == "good parts":
        return f"{told['quantities']['good']:,}"
    if step["step"] == "ideal time":
        made = told["quantities"]
        return f"{made['good'] + made['scrap'] + made['rework']:,}"
    units = None if loss is None else loss["units"]
    return "" if units is None else f"{-round(units):,}"


def _reasons(reasons: Sequence[Document]) -> str:
    shown = ", ".join(map(reason_text, reasons[:REASONS_SHOWN]))
    left = len(reasons) - REASONS_SHOWN
    return f"{shown}, {left} more" if left > 0 else shown


def _notes(told: Document) -> Iterator[str]:
    missing = told["no_ideal"]
    if missing["seconds"] or missing["parts"]:
        yield (
            f"no ideal cycle is known for {span(missing['seconds'])} of production time and"
            f" {missing['parts']} parts: what needs one is not told; add ideal_cycle_s in the"
            " plant file"
        )
    stops, figures = told["stops"], told["figures"]
    counts = (_counted(count, name.replace("_", " ")) for name, count in stops.items())
    if any(one["units"] for one in told["losses"]):
        yield "parts beside a loss: its time at the mean ideal cycle"
    yield ""
    yield f"stops that began: {', '.join(counts)}"
    yield (
        f"MTBF {span(figures['mtbf_s']) or 'undefined'}, MTTR"
        f" {span(figures['mttr_s']) or 'undefined'}; TEEP {_number(figures['teep'])},"
        f" OOE {_number(figures['ooe'])}, NEE {_number(figures['nee'])},"
        f" utilization efficiency {_number(figures['utilization_efficiency'])}"
    )


def _counted(count: int, things: str) -> str:
    return f"{count} {things.removesuffix('s') if count == 1 else things}"


def _machine(one: Document) -> dict[str, Any]:
    reason = one["largest_reason"]
    loss = one["largest_loss"]
    return {
        "machine": _short(one["equipment"]),
        "planned".rjust(9): span(one["planned_s"]).rjust(9),
        "OEE": one["oee"],
        "lost".rjust(9): span(one["lost_s"]).rjust(9),
        "largest loss": "" if loss is None else f"{loss} {span(one['largest_loss_s'])}",
        "its largest reason": "" if reason is None or loss is None else reason_text(reason),
    }


def _worst(one: Document) -> str:
    """The first of the machines in a sentence."""
    lost = f"{_short(one['equipment'])} lost most: {span(one['lost_s'])}"
    of_planned = f" of {span(one['planned_s'])} planned"
    if one["largest_loss"] is None:
        return lost + of_planned
    reason = one["largest_reason"]
    why = "" if reason is None else f", of that {reason_text(reason)}"
    return f"{lost}{of_planned}, most by {one['largest_loss']} {span(one['largest_loss_s'])}{why}"


def _sources(told: Document) -> str:
    versions = told["plant_versions"]
    shown = ", ".join(versions[-5:]) + (f" and {len(versions) - 5} more" if versions[5:] else "")
    return f"from {told['cells']} cells ({told['late_cells']} late), plant files {shown}"


def _ratios(told: Document) -> str:
    figures = told["figures"]
    known = [figures[name] for name in ("availability", "effectiveness", "quality_ratio", "oee")]
    text = (
        f"OEE {_number(figures['oee'])} = availability {_number(figures['availability'])}"
        f" x effectiveness {_number(figures['effectiveness'])}"
    )
    if None not in known and abs(math.prod(known[:3]) - known[3]) >= NOTICED:
        steps = {one["step"]: one["seconds"] for one in told["waterfall"]}
        by_time = steps["good parts"] / steps["ideal time"]
        return (
            f"{text} x quality {_number(by_time)} by ideal time, as parts differ in it"
            f" (quality ratio by count {_number(figures['quality_ratio'])})"
        )
    return f"{text} x quality ratio {_number(figures['quality_ratio'])}"


def _number(ratio: float | None) -> str:
    return "undefined" if ratio is None else f"{ratio:.3f}"


def _short(equipment: str) -> str:
    return equipment.rpartition("/")[2]


def _say(text: str) -> None:
    lines: Iterable[str] = text.split("\n")
    data.print("\n".join(map(printable, lines)), markup=False, highlight=False)
