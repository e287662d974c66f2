"""The waterfall of an explanation as an SVG picture. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from plantstream.commands.durations import hours_minutes, hours_minutes_seconds, moment
from plantstream.commands.oee_text import heading, reason_text
from plantstream.commands.tables import printable

BLUE, GREEN, ORANGE, SKY, GREY = "#0072B2", "#009E73", "#D55E00", "#56B4E9", "#999999"
"""Okabe and Ito's colours, which colour-blind people tell apart."""
LEFT, RIGHT, WIDTH = 150, 640, 1140
"""Where bars begin and end, and how wide the picture is, in pixels."""
TOP, ROW, BAR = 96, 30, 20
REASON_LENGTH = 46
SECONDS_BELOW_S = 4 * 3600
"""Less time than this is told to the second."""
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bar:
    """One step: its span of seconds, its colour, and what is written beside it."""

    name: str
    begin: float
    end: float
    colour: str
    seconds: float
    shown: str
    """The seconds as a clock would show them."""
    note: str


def waterfall_svg(told: Document) -> str:
    """The picture: a row per step, from calendar time down to good parts."""
    bars = list(_bars(told))
    most = max((max(bar.begin, bar.end) for bar in bars), default=0) or 1
    planned = next(bar.seconds for bar in bars if bar.name == "planned time")
    height = TOP + ROW * len(bars) + 40
    unit = "h:min:s" if told["waterfall"][0]["seconds"] < SECONDS_BELOW_S else "h:min"
    rows = "\n".join(_row(bar, number, most, planned) for number, bar in enumerate(bars))
    oee = told["figures"]["oee"]
    title = f"OEE {oee:.1%}" if oee is not None else "OEE undefined"
    bottom = TOP + ROW * len(bars)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"
  width="{WIDTH}" height="{height}" font-family="Helvetica, Arial, DejaVu Sans, sans-serif"
  font-size="14" role="img">
<title>{escape(printable(heading(told)))}</title>
<rect width="100%" height="100%" fill="white"/>
<text x="20" y="34" font-size="22" font-weight="bold">{title}: where the time went</text>
<text x="20" y="58" fill="#444">{escape(printable(_subtitle(told)))}</text>
<g fill="#666" font-size="12">
<text x="{RIGHT + 70}" y="{TOP - 12}" text-anchor="end">{unit}</text>
<text x="{RIGHT + 140}" y="{TOP - 12}" text-anchor="end">of planned</text>
<text x="{RIGHT + 156}" y="{TOP - 12}">largest reason</text>
</g>
{rows}
<line x1="{LEFT}" y1="{TOP - 4}" x2="{LEFT}" y2="{bottom}" stroke="#444"/>
{_legend(bottom + 24)}
</svg>
"""


def _subtitle(told: Document) -> str:
    windows = told["windows"]
    which = f"{told['by']} {windows[0]}" if len(windows) == 1 else f"{len(windows)} x {told['by']}"
    span = f"{moment(told['start'])} to {moment(told['end'])} UTC"
    return f"{told['level']} {told['place']}, {which}, {span}"


def _bars(told: Document) -> Iterator[Bar]:
    notes = {one["loss"]: one["reasons"] for one in told["losses"]}
    notes["planned stops"] = told["planned_stops"]
    exact = told["waterfall"][0]["seconds"] < SECONDS_BELOW_S
    clock = hours_minutes_seconds if exact else hours_minutes
    level = 0.0
    for step in told["waterfall"]:
        name, seconds = step["step"], step["seconds"]
        if step["kind"] == "total":
            level = seconds
            colour = GREEN if name == "good parts" else BLUE
            yield Bar(name, 0, seconds, colour, seconds, clock(seconds), "")
            continue
        reasons = notes.get(name) or []
        outside = step["kind"] == "outside"
        colour = GREY if outside else ORANGE if seconds <= 0 else SKY
        note = printable(reason_text(reasons[0], clock)) if reasons else ""
        yield Bar(name, level + seconds, level, colour, seconds, clock(seconds), note)
        level += seconds


def _row(bar: Bar, number: int, most: float, planned: float) -> str:
    def x(seconds: float) -> float:
        return LEFT + (RIGHT - LEFT) * max(seconds, 0) / most

    y = TOP + ROW * number
    begin, end = sorted((x(bar.begin), x(bar.end)))
    text = y + BAR - 5
    total = bar.colour in {BLUE, GREEN}
    weight = ' font-weight="bold"' if total else ""
    share = ""
    if planned and bar.colour != GREY and bar.name != "calendar time":
        share = f"{bar.seconds / planned:.1%}"
    note = bar.note if len(bar.note) <= REASON_LENGTH else f"{bar.note[: REASON_LENGTH - 1]}…"
    return f"""<text x="{LEFT - 10}" y="{text}" text-anchor="end"{weight}>{escape(bar.name)}</text>
<rect x="{begin:.1f}" y="{y}" width="{max(end - begin, 1):.1f}" height="{BAR}" fill="{bar.colour}"/>
<text x="{RIGHT + 70}" y="{text}" text-anchor="end"{weight}>{bar.shown}</text>
<text x="{RIGHT + 140}" y="{text}" text-anchor="end">{share}</text>
<text x="{RIGHT + 156}" y="{text}" fill="#444">{escape(note)}</text>"""


def _legend(y: int) -> str:
    names = {
        BLUE: "time left",
        GREEN: "good parts at their ideal cycle",
        ORANGE: "loss",
        SKY: "faster than ideal",
        GREY: "not planned",
    }
    parts, x = [], LEFT
    for colour, name in names.items():
        parts.append(
            f'<rect x="{x}" y="{y - 10}" width="12" height="12" fill="{colour}"/>'
            f'<text x="{x + 18}" y="{y}" font-size="12" fill="#444">{name}</text>'
        )
        x += 40 + 7 * len(name)
    return "\n".join(parts)
