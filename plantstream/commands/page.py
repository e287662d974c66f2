"""`plantstream page`: trying out the ways on which people are told."""

import asyncio
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from plantstream.commands.console import complain, print_json
from plantstream.commands.examples import example
from plantstream.commands.options import AS_JSON
from plantstream.commands.tables import print_columns
from plantstream.runtime.errors import EXIT_FAILED, MisconfiguredError

if TYPE_CHECKING:
    from processors.dispatch.plan import Recipient
    from schemas.plant.load import PlantFile
    from sinks.notify.sender import Sender

PLANT = example("ninu") / "plant.yaml"
AT_ONCE = 8
"""Messages under way at a time."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Send test messages to those whom a receiver tells first.", no_args_is_help=True
    )
    group.command("test")(try_out)
    group.callback()(lambda: None)
    app.add_typer(group, name="page")


def try_out(
    receiver: str = typer.Argument(metavar="RECEIVER", help="As alerts.receivers names it."),
    plant: Path = typer.Option(PLANT, help="The plant file.", exists=True, dir_okay=False),
    channel: str | None = typer.Option(None, help="Only on this channel; default: on all."),
    severity: str = typer.Option(
        "critical", help="Of the alert whose channels are tried: info, warning or critical."
    ),
    as_json: bool = AS_JSON,
) -> None:
    """Tell everybody of the first step TEST, and show what providers answer; exit 1 if one fails.

    It needs no service: the message goes to the providers from here.
    """
    from plantstream.commands.plant_file import read_plant
    from plantstream.commands.running import run_async
    from plantstream.runtime import clock

    file = read_plant(plant)
    now = clock.now()
    found = _recipients(file, receiver, severity, now)
    if channel is not None:
        found = [one for one in found if one.channel == channel]
    if not found:
        which = f" on {channel}" if channel else ""
        complain(f"receiver {receiver} tells nobody{which} of a {severity} alert at this time")
        raise typer.Exit(EXIT_FAILED)
    rows = run_async(_sent(file, found, now))
    if as_json:
        print_json(rows)
    else:
        print_columns(rows)
        sys.stdout.flush()
    failed = sum(row["outcome"] not in {"accepted", "delivered"} for row in rows)
    if failed:
        complain(f"{failed} of {len(rows)} messages failed")
        raise typer.Exit(EXIT_FAILED)


def _recipients(
    file: "PlantFile", receiver: str, severity: str, now: datetime
) -> "list[Recipient]":
    from processors.calendar import PlanCalendar
    from processors.dispatch.plan import chained, plan_of
    from schemas.alerts import SEVERITIES

    known = next((one for one in SEVERITIES if one == severity), None)
    if known is None:
        told = f"severity is one of {', '.join(SEVERITIES)}"
        raise typer.BadParameter(told, param_hint="--severity")
    if file.plant.alerts is None:
        raise MisconfiguredError(f"{file.file} does not say how alerts reach people: write alerts:")
    plan = plan_of(file, PlanCalendar)
    chain = chained(plan, receiver)
    if chain is None:
        names = ", ".join(file.plant.alerts.receivers)
        raise typer.BadParameter(f"no receiver {receiver}; there are {names}")
    return plan.step_recipients(receiver, known, chain.step(0), (now, {}))


async def _sent(
    file: "PlantFile", found: "Sequence[Recipient]", now: datetime
) -> list[dict[str, Any]]:
    import aiohttp

    from sinks.notify.registry import Means, build_channels
    from sinks.notify.sender import sender_of

    wanted = {name: file.plant.channels[name] for name in {one.channel for one in found}}
    async with aiohttp.ClientSession() as session:
        channels = build_channels(wanted, Means(session, lambda _: False))
        sender = sender_of(file.plant, channels, lambda _alert, _who: None, answers=False)
        turns = asyncio.Semaphore(AT_ONCE)
        try:
            return await asyncio.gather(*(_told(sender, file, one, (now, turns)) for one in found))
        finally:
            await sender.close()


async def _told(
    sender: "Sender",
    file: "PlantFile",
    to: "Recipient",
    when: tuple[datetime, asyncio.Semaphore],
) -> dict[str, Any]:
    from sinks.notify.message import RefusedError, TemporaryError
    from sinks.notify.trial import trial

    now, turns = when
    name = now.strftime("%Y%m%dT%H%M%S")
    said = trial(file.plant.site_path(), file.version, to.name, to.channel, now, name)
    row = {"who": to.name, "channel": to.channel}
    try:
        async with turns:
            sent = await sender.send(said, to.channel, False)
    except RefusedError as error:
        return row | {"outcome": "refused", "answer": str(error)}
    except TemporaryError as error:
        return row | {"outcome": "unknown" if error.unclear else "failed", "answer": str(error)}
    return row | {"outcome": sent.outcome, "answer": sent.provider_id or ""}
