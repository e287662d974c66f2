"""A provider in trouble: every message is delivered, few twice, and nobody else is held up."""

import asyncio
import hashlib
from collections import Counter
from functools import cache
from typing import Any

from sinks.notify.breaker import Resting
from sinks.notify.message import Sent, TemporaryError
from tests.simulation.clockwork import simulate
from tests.sinks.notify.doubles import CutError, World, loop_of, run_until
from tests.sinks.notify.notifications import notification

MESSAGES = 600
RATES = {"mail": 200.0, "sms": 50.0, "chat": 50.0}


class Trouble:
    """30 % 429 with Retry-After, 30 % 5xx, 10 % time-outs, 5 % taken and cut; of one channel."""

    def __init__(self) -> None:
        self.said: Counter[str] = Counter()
        self.cut: Counter[str] = Counter()

    async def answer(self, told: Any, channel: str, turn: int) -> Sent:
        await asyncio.sleep(0.05)
        if channel != "mail":
            return Sent(told.id)
        digest = hashlib.sha256(f"{told.id}|{turn}".encode()).digest()
        share = int.from_bytes(digest[:4]) / 2**32
        if share < 0.30:
            self.said["429"] += 1
            raise TemporaryError("HTTP 429", retry_after=2.0)
        if share < 0.60:
            self.said["5xx"] += 1
            raise TemporaryError("HTTP 503")
        if share < 0.70:
            self.said["time-out"] += 1
            await asyncio.sleep(10)
            raise TemporaryError("no answer within 10 s", unclear=True)
        if share < 0.75:
            self.said["cut"] += 1
            self.cut[told.id] += 1
            raise CutError
        self.said["taken"] += 1
        return Sent(told.id)


async def storm(troubled: bool):
    """How it went, what the provider did, and when the other channels were done."""
    world, trouble = World(), Trouble()
    world.answering = trouble.answer
    others = [
        notification(n, group=f"g{n % 10}", recipient=f"p{n}", channel=("sms", "chat")[n % 2])
        for n in range(MESSAGES, MESSAGES + 200)
    ]
    mails = [
        notification(n, group=f"g{n % 40}", recipient=f"p{n % 5}", expires_at=LATE)
        for n in range(MESSAGES if troubled else 0)
    ]
    world.notify(*(one for pair in zip(mails, others * 5, strict=False) for one in pair))
    world.notify(*others)
    wanted = world.ids()
    await run_until(loop_of(world, RATES, resting=Resting()), lambda: world.over() == wanted)
    done = max(one[3] for one in world.arrived if one[1] != "mail")
    return world, trouble, done


@cache
def stormed(troubled: bool):
    """The storm, run once."""
    return simulate(lambda: storm(troubled))


LATE = notification().expires_at.replace(year=2027)


def test_a_storm_of_429_5xx_time_outs_and_cuts_loses_nothing_and_delays_nobody(say):
    world, trouble, done = stormed(True)
    _, _, alone = stormed(False)

    mails = Counter(one[0] for one in world.arrived if one[1] == "mail")
    outcomes = Counter(one.outcome for one in world.attempts())
    say(
        f"storm: {sum(trouble.said.values())} requests, {dict(trouble.said)}; "
        f"{len(mails)} of {MESSAGES} delivered, {sum(mails.values()) - len(mails)} twice, "
        f"{sum(trouble.cut.values())} cut; others done after {done:.2f} s, {alone:.2f} s alone"
    )
    assert len(mails) == MESSAGES
    assert all(times == 1 + trouble.cut[id] for id, times in mails.items())
    twice = [one for one in world.arrived if one[1] == "mail" and trouble.cut[one[0]]]
    assert sum(one[2] for one in twice) >= sum(trouble.cut.values())
    assert outcomes["expired"] == outcomes["refused"] == 0
    assert done <= 1.1 * alone
    assert min(trouble.said.values()) > 40


def test_in_a_storm_messages_of_one_group_keep_their_order():
    world, _, _ = stormed(True)

    last: dict[tuple[int, int], int] = {}
    seen: set[str] = set()
    for id, channel, _, _ in world.arrived:
        number = int(id[1:])
        if channel == "mail" and id not in seen:
            lane = (number % 40, number % 5)
            assert last.get(lane, -1) < number
            last[lane] = number
            seen.add(id)
