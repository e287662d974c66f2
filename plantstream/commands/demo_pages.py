"""Messages in the demo: stand-ins that get them, somebody who answers, and the verdict on both."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from plantstream.commands.console import messages
from plantstream.commands.demo_alerts import OpenAlerts, followed_alerts
from plantstream.commands.demo_pages_due import Due, Heat, dues, heat_of
from plantstream.commands.demo_pages_verdict import PagesVerdict, judged
from plantstream.commands.stack import Stack
from plantstream.commands.tables import print_columns
from plantstream.runtime import clock
from plantstream.simulator.ledger import Ledger
from plantstream.simulator.quickened import quickened
from plantstream.simulator.stand_ins.all import StandIns, stand_ins
from plantstream.simulator.stand_ins.answerer import Answer
from plantstream.simulator.stand_ins.arrivals import Arrival
from plantstream.simulator.stand_ins.ports import StandInPorts
from plantstream.simulator.stand_ins.spoken import speaks_of, why_of
from schemas.plant.load import PlantFile
from sinks.notify.web.links import alert_digest


@dataclass(frozen=True, slots=True)
class Pages:
    """What is known of messages while the demo runs."""

    plant: PlantFile
    """The plant file that the services read: quickened, with local channels."""
    alerts: OpenAlerts
    stood_in: StandIns

    async def start(self, stack: Stack, file: Path) -> None:
        """Start what tells people, by this file."""
        await stack.start_notify(file, self.stood_in.ways.environment)


@asynccontextmanager
async def pages_of(
    plant: PlantFile, stack: Stack, speed: float, ports: StandInPorts
) -> AsyncIterator[Pages | None]:
    """None where the plant file tells nobody anything.

    Raises:
        MisconfiguredError: a port is taken.
    """
    if plant.plant.alerts is None:
        yield None
        return
    quick = quickened(plant, speed)
    async with (
        stand_ins(quick, stack.data_dir, ports, stack.pages, speed) as stood_in,
        followed_alerts(stack.kafka) as alerts,
    ):
        messages.print(
            f"alerts wait {speed:g} times shorter than the plant file says, as machines live "
            f"{speed:g} times as fast"
        )
        messages.print(f"  {'messages':14} {stood_in.arrivals.directory}", markup=False)
        yield Pages(stood_in.ways.plant, alerts, stood_in)
    for refused in (*stood_in.arrivals.refused, *stood_in.answerer.failed):
        messages.print(f"a stand-in: {refused}", markup=False)


async def judge_pages(pages: Pages, ledger: Ledger, within: timedelta) -> bool:
    """Say whether everybody was told once, in time, and left alone after the answer."""
    await asyncio.sleep(max(0.0, (ledger.end + within - clock.now()).total_seconds()))
    heat = heat_of(ledger, pages.plant)
    if heat is None:
        messages.print("no reactor was too hot for long enough in this time: nobody is to be told")
        return True
    about = [one for one in pages.stood_in.arrivals.all if speaks_of(one.text, heat.watched)]
    answer = _answer(pages.stood_in.answerer.answers, heat)
    owed = dues(heat, pages.plant, None if answer is None else answer.at)
    verdict = judged(owed, about, ledger.end, within)
    _tell(verdict, heat, owed, within)
    due = [one for one in owed if one.at <= ledger.end - within]
    return _tell_answer(answer, due, about) and verdict.ok


def _answer(answers: Sequence[Answer], heat: Heat) -> Answer | None:
    digest = alert_digest(heat.watched.fingerprint)
    return next((one for one in answers if one.alert.startswith(digest)), None)


def _tell(verdict: PagesVerdict, heat: Heat, owed: Sequence[Due], within: timedelta) -> None:
    wrong = [one for one in verdict.findings if not one.ok]
    if wrong:
        limit = within.total_seconds()
        messages.print(f"messages that did not come once and within {limit:g} s")
        print_columns(
            {
                "why": one.why,
                "channel": one.channel,
                "to": one.to,
                "due": one.due,
                "came": one.came,
                "latest s": one.latest_s,
            }
            for one in wrong
        )
    delays = verdict.delays()
    late = "" if delays is None else f": {delays[0]:.2f} s (p50), {delays[1]:.2f} s at most"
    what = f"{heat.watched.rule.alert} of {heat.watched.labels.get('equipment', '')}"
    messages.print(
        f"{verdict.right} of {verdict.due} messages about {what} came once, and in time{late}",
        markup=False,
    )
    for why in verdict.unseen:
        at = min(one.at for one in owed if one.why == why)
        told = f"this was too short to see messages ({why}) that are due from {at:%H:%M:%S} UTC on"
        messages.print(told, markup=False)


def _tell_answer(answer: Answer | None, due: Sequence[Due], about: Sequence[Arrival]) -> bool:
    """Whether the first escalation was answered; a second one says that it had time to be."""
    called = sorted({(one.at, one.who) for one in due if one.why == "escalated"})
    if not called:
        return True
    at, who = called[0]
    if answer is None:
        messages.print(f"{who} was called and has not acknowledged", markup=False)
        return len({at for at, _ in called}) == 1
    after = [one for one in about if one.at > answer.at]
    over = [one for one in after if why_of(one.text) == "resolved"]
    messages.print(
        f"{who} was called when nobody answered, and acknowledged "
        f"{(answer.at - at).total_seconds():.1f} s later; after that came {len(over)} messages "
        f"that it is over, and {len(after) - len(over)} others",
        markup=False,
    )
    return True
