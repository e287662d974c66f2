"""`plantstream alerts route`: who would be told of an alert, by the plant file alone."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from plantstream.commands.console import complain, messages, print_json
from plantstream.commands.examples import example
from plantstream.commands.options import AS_JSON
from plantstream.commands.tables import print_columns, printable
from plantstream.runtime.errors import EXIT_FAILED, MisconfiguredError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from plantstream.commands.route_preview import Preview
    from processors.dispatch.forecast import Call, Forecast
    from schemas.plant.load import PlantFile

PLANT = example("ninu") / "plant.yaml"


def route(
    labels: list[str] = typer.Argument(metavar="LABELS", help="alertname=Hot severity=critical …"),
    plant: Path = typer.Option(PLANT, help="The plant file.", exists=True, dir_okay=False),
    expect: list[str] = typer.Option(
        [], metavar="RECEIVER", help="Exit 1 if other receivers get it; may be repeated."
    ),
    at: str | None = typer.Option(
        None,
        metavar="2026-03-08T03:00",
        help="When it fires, by the clocks of the plant; default: now.",
    ),
    preview: bool = typer.Option(
        False, "--preview", help="Also each message, in the language of who reads it."
    ),
    value: float | None = typer.Option(
        None, help="What the condition sees, for --preview; default: the limit."
    ),
    as_json: bool = AS_JSON,
) -> None:
    """Show who would be told of an alert, by which route, and when somebody else is."""
    from zoneinfo import ZoneInfo

    from plantstream.commands.given_times import moment
    from plantstream.commands.plant_file import read_plant
    from processors.calendar import PlanCalendar
    from processors.dispatch.forecast import routes_of
    from processors.dispatch.plan import plan_of

    file = read_plant(plant)
    if file.plant.alerts is None:
        raise MisconfiguredError(f"{plant} does not say how alerts reach people: write alerts:")
    zone = ZoneInfo(file.plant.time_zone)
    named, fires_at = _labels(labels), moment(at, zone, "--at")
    found = routes_of(plan_of(file, PlanCalendar), named, fires_at)
    messages_of = _previews(file, named, fires_at, value) if preview else _nothing
    if as_json:
        print_json([_document(one, zone, messages_of(one)) for one in found])
    else:
        _print(found, zone, messages_of)
    receivers = [one.node.receiver for one in found]
    if expect and receivers != expect:
        complain(f"this alert goes to {', '.join(receivers)}, not to {', '.join(expect)}")
        raise typer.Exit(EXIT_FAILED)


def _labels(given: Sequence[str]) -> dict[str, str]:
    from schemas.alerts import SEVERITIES

    found = {}
    for one in given:
        name, sign, value = one.partition("=")
        if not (name and sign):
            told = f"{one}: write labels as alertname=Hot"
            raise typer.BadParameter(told, param_hint="LABELS")
        found[name] = value
    if found.setdefault("severity", "warning") not in SEVERITIES:
        told = f"severity is one of {', '.join(SEVERITIES)}"
        raise typer.BadParameter(told, param_hint="LABELS")
    return found


def _nothing(_: "Forecast") -> "list[Preview]":
    return []


def _previews(
    file: "PlantFile", labels: Mapping[str, str], at: datetime, value: float | None
) -> "Callable[[Forecast], list[Preview]]":
    try:
        from plantstream.commands.route_preview import previews, sample
    except ModuleNotFoundError as error:
        told = f"a preview needs {error.name}, which is not installed"
        raise MisconfiguredError(f"{told}: pip install 'plantstream[notify]'") from None
    alert = sample(file, labels, at, value)
    return lambda forecast: list(previews(file, alert, forecast))


def _print(
    found: "Sequence[Forecast]",
    zone: "ZoneInfo",
    messages_of: "Callable[[Forecast], list[Preview]]",
) -> None:
    for one in found:
        head = f"receiver {one.node.receiver}, chain {one.chain}, route {_path(one)}"
        sys.stdout.write(f"{printable(head)}\n")
        together = ", ".join(f"{name}={value}" for name, value in one.group_labels.items())
        sys.stdout.write(f"told together with others of {printable(together) or 'this route'}\n")
        if one.muted_by:
            messages.print(f"muted by {', '.join(one.muted_by)} at this time", markup=False)
        print_columns(row for call in one.calls for row in _rows(call, zone))
        sys.stdout.write("\n")
        for told in messages_of(one):
            _print_message(told, zone)


def _print_message(told: "Preview", zone: "ZoneInfo") -> None:
    message = told.message
    parts = [told.to.channel, told.kind.value, message.language]
    if told.segments is not None:
        parts.append(f"{told.segments} segment{'s' * (told.segments > 1)}")
    head = f"{_time(told.at, zone)} to {told.to.name} ({', '.join(dict.fromkeys(parts))})"
    sys.stdout.write(f"{printable(head)}\n")
    title = f"{message.title}\n" if told.has_title else ""
    for line in f"{title}{message.text}".splitlines():
        sys.stdout.write(f"  {printable(line)}".rstrip() + "\n")
    sys.stdout.write("\n")


def _rows(call: "Call", zone: "ZoneInfo") -> Iterator[dict[str, Any]]:
    by_person: dict[str, list[str]] = {}
    for one in call.recipients:
        others = f" (else {', '.join(one.fallback)})" if one.fallback else ""
        by_person.setdefault(one.name, []).append(f"{one.channel}{others}")
    for name, channels in by_person.items() or [("nobody", [])]:
        yield {
            "at": _time(call.at, zone),
            "round": call.round + 1,
            "step": call.step + 1,
            "who": name,
            "channels": ", ".join(channels),
            "on call in": ", ".join(call.schedules),
        }


def _time(at: datetime, zone: "ZoneInfo") -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _path(one: "Forecast") -> str:
    return " / ".join(("root", *one.node.path[1:]))


def _document(one: "Forecast", zone: "ZoneInfo", told: "Sequence[Preview]") -> Mapping[str, Any]:
    messages_to = {(each.at, each.to): {"message": each.document()} for each in told}
    return {
        "receiver": one.node.receiver,
        "route": ["root", *one.node.path[1:]],
        "group_labels": one.group_labels,
        "chain": one.chain,
        "muted_by": one.muted_by,
        "calls": [
            {
                "at": call.at.astimezone(zone).isoformat(),
                "round": call.round + 1,
                "step": call.step + 1,
                "schedules": call.schedules,
                "recipients": [
                    {"who": to.name, "channel": to.channel, "fallback": to.fallback}
                    | messages_to.get((call.at, to), {})
                    for to in call.recipients
                ],
            }
            for call in one.calls
        ],
    }
