"""`plantstream alerts route`: who would be told of an alert, by the plant file alone."""

import sys
from collections.abc import Iterator, Mapping, Sequence
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

    from processors.dispatch.forecast import Call, Forecast

PLANT = example("ninu") / "plant.yaml"


def route(
    labels: list[str] = typer.Argument(metavar="LABELS", help="alertname=Hot severity=critical …"),
    plant: Path = typer.Option(PLANT, help="The plant file.", exists=True, dir_okay=False),
    expect: list[str] = typer.Option(
        [], metavar="RECEIVER", help="Exit 1 if other receivers get it; may be repeated."
    ),
    at: str | None = typer.Option(
        None, metavar="2026-03-08T03:00", help="Local time at which it fires; default: now."
    ),
    as_json: bool = AS_JSON,
) -> None:
    """Show who would be told of an alert, by which route, and when somebody else is."""
    from zoneinfo import ZoneInfo

    from plantstream.commands.plant_file import read_plant
    from processors.calendar import PlanCalendar
    from processors.dispatch.forecast import routes_of
    from processors.dispatch.plan import plan_of

    file = read_plant(plant)
    if file.plant.alerts is None:
        raise MisconfiguredError(f"{plant} does not say how alerts reach people: write alerts:")
    zone = ZoneInfo(file.plant.time_zone)
    found = routes_of(plan_of(file, PlanCalendar), _labels(labels), _moment(at, zone))
    if as_json:
        print_json([_document(one, zone) for one in found])
    else:
        _print(found, zone)
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


def _moment(given: str | None, zone: "ZoneInfo") -> datetime:
    from plantstream.runtime.clock import now
    from schemas.plant.local_time import instant

    if given is None:
        return now()
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise typer.BadParameter("write it as 2026-03-08T03:00", param_hint="--at") from None
    return moment if moment.tzinfo is not None else instant(moment, zone)


def _print(found: "Sequence[Forecast]", zone: "ZoneInfo") -> None:
    for one in found:
        head = f"receiver {one.node.receiver}, chain {one.chain}, route {_path(one)}"
        sys.stdout.write(f"{printable(head)}\n")
        together = ", ".join(f"{name}={value}" for name, value in one.group_labels.items())
        sys.stdout.write(f"told together with others of {printable(together) or 'this route'}\n")
        if one.muted_by:
            messages.print(f"muted by {', '.join(one.muted_by)} at this time", markup=False)
        print_columns(row for call in one.calls for row in _rows(call, zone))
        sys.stdout.write("\n")


def _rows(call: "Call", zone: "ZoneInfo") -> Iterator[dict[str, Any]]:
    by_person: dict[str, list[str]] = {}
    for one in call.recipients:
        others = f" (else {', '.join(one.fallback)})" if one.fallback else ""
        by_person.setdefault(one.name, []).append(f"{one.channel}{others}")
    for name, channels in by_person.items() or [("nobody", [])]:
        yield {
            "at": call.at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
            "round": call.round + 1,
            "step": call.step + 1,
            "who": name,
            "channels": ", ".join(channels),
            "on call in": ", ".join(call.schedules),
        }


def _path(one: "Forecast") -> str:
    return " / ".join(("root", *one.node.path[1:]))


def _document(one: "Forecast", zone: "ZoneInfo") -> Mapping[str, Any]:
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
                    for to in call.recipients
                ],
            }
            for call in one.calls
        ],
    }
