"""What has changed since the first report, as sentences. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from plantstream.commands.durations import hours_minutes_seconds as span, moment
from plantstream.commands.oee_restated import together

EVENTS_SHOWN = 20
SUMMED_UP_FROM = 4
SHOWN_COUNTS = ("good", "scrap", "rework")
Document = Mapping[str, Any]


def restated_lines(told: Document) -> Iterator[str]:
    """First report, what is known now, what moved in between, and the late events."""
    if not told["reported"]:
        yield "no report is final yet, its windows are open: since it was first booked"
    if told["first"] is not None:
        open_yet = told["not_reported"] if told["reported"] else 0
        left = f" ({open_yet} windows of machines are open: as first booked)" if open_yet else ""
        name = "first reported:" if told["reported"] else "first booked:  "
        yield f"{name} {_figures(told['first'])}{left}"
        yield f"now:            {_figures(told['now'])}"
        yield f"moved:          {moved_text(told['moved']) or 'nothing'}"
    events = told["events"]
    if not events:
        yield "no event came too late"
        return
    yield f"late events: {len(events)}"
    if len(events) > SUMMED_UP_FROM:
        yield from map(_together, together(events))
        yield "one by one:"
    for one in events[:EVENTS_SHOWN]:
        yield from _event(one)
    if events[EVENTS_SHOWN:]:
        yield f"  and {len(events) - EVENTS_SHOWN} more: --json shows all"


def moved_text(moved: Mapping[str, int]) -> str:
    """`good -3, scrap +3, unplanned stop -0:25:00`; ideal times are left to JSON."""
    parts = []
    for name, amount in moved.items():
        if name.endswith("_us"):
            continue
        if name.endswith("_ms"):
            sign = "+" if amount > 0 else ""
            parts.append(f"{_words(name.removesuffix('_ms'))} {sign}{span(amount / 1000)}")
        else:
            parts.append(f"{_words(name)} {amount:+,}")
    return ", ".join(parts)


def _together(one: Document) -> str:
    kind = _words(one["type"]) if one["type"] else "events"
    by = f" by {one['by']}" if one["by"] else ""
    why = f", reason {one['reason']}" if one["reason"] else ""
    machines = sorted(path.rpartition("/")[2] for path in one["machines"])
    changes = moved_text({name: n for name, n in one["moved"].items() if n})
    seconds = one["seconds"][one["reason"]]
    gained = f"{span(seconds)} because of {one['reason']}" if seconds > 0 else ""
    told = changes or gained or "nothing"
    return f"  {one['number']} x {kind}{by}{why} at {', '.join(machines)}: {told}"


def _event(one: Document) -> Iterator[str]:
    kind = _words(one["type"]) if one["type"] else f"event {one['event']}"
    by = f" by {one['by']}" if one["by"] else ""
    at = f" for {moment(one['time'])}" if one["time"] else ""
    told = f"told {moment(one['told_at'])} UTC: " if one["told_at"] else ""
    machine = one["equipment"].rpartition("/")[2]
    why = f", reason {one['reason']}" if one["reason"] else ""
    comment = f" ({one['comment']})" if one["comment"] else ""
    yield f"  {told}{kind}{by} at {machine}{at}{why}{comment}"
    for effect in _effects(one):
        yield f"    {effect}"


def _effects(one: Document) -> Iterator[str]:
    changes = moved_text(one["moved"])
    if changes:
        yield changes
    for reason in one["reasons"]:
        sign = "+" if reason["seconds"] > 0 else ""
        category = _words(reason["category"])
        yield f"{category}: {sign}{span(reason['seconds'])} because of {reason['reason']}"
    for revision in one["revisions"]:
        before, after = _oee(revision["oee_before"]), _oee(revision["oee"])
        yield f"OEE {before} -> {after}, revision {revision['revision']} of {revision['window']}"


def _figures(told: Document) -> str:
    counts = ", ".join(f"{name} {told['facts'][name]:,}" for name in SHOWN_COUNTS)
    return (
        f"OEE {_oee(told['oee'])} (A {_oee(told['availability'])}, E"
        f" {_oee(told['effectiveness'])}, Q {_oee(told['quality_ratio'])}); {counts}"
    )


def _oee(ratio: float | None) -> str:
    return "undefined" if ratio is None else f"{ratio:.3f}"


def _words(name: str) -> str:
    return name.replace("_", " ")
