"""Pages while the engine of rules, the dispatcher and the notifier are killed, or were away."""

import asyncio
from datetime import datetime, timedelta

import pytest

from plantstream.runtime import clock
from tests.kill.victims import Crew
from tests.kill.ward import COLD, HOT, REACTORS, VICTIMS, Ward, until, ward

TURN_S = 0.4
"""From one change of a temperature to the next."""
SETTLED_LIMIT_S = 90.0
OVER_AFTER = timedelta(seconds=6)
TICKING_AFTER_S = 15.0
"""An engine looks for what is due 10 s after it has begun."""


async def tell_a_story(ward: Ward, done: asyncio.Event) -> set[tuple[str, datetime]]:
    """Each reactor gets hot in its turn, and cools down half a round later; gives the alerts."""
    hot: set[tuple[str, datetime]] = set()
    for reactor in range(REACTORS):
        await ward.says(reactor, COLD)
    turn = 0
    while not done.is_set() or turn % REACTORS:
        at = await ward.says(turn % REACTORS, HOT)
        hot.add((f"r{turn % REACTORS}", at))
        await ward.says((turn + REACTORS // 2) % REACTORS, COLD)
        turn += 1
        await asyncio.sleep(TURN_S)
    for reactor in range(REACTORS):
        await ward.says(reactor, COLD)
    return hot


@pytest.mark.parametrize("kills", [20, pytest.param(100, marks=pytest.mark.long)])
async def test_no_page_is_missing_and_only_what_was_under_way_comes_again(crew: Crew, kills: int):
    async with ward(crew.line, f"killed-{kills}", crew.kills) as plant:
        done = asyncio.Event()
        story = asyncio.create_task(tell_a_story(plant, done))
        async with asyncio.TaskGroup() as killing:
            for place, name in enumerate(VICTIMS):
                times = (kills + 2 - place) // 3
                killing.create_task(plant.kill_again_and_again(name, times, kills))
        done.set()
        hot = await story
        provider = plant.provider
        await until(lambda: provider.told("Hot", "firing") >= hot, SETTLED_LIMIT_S)
        await until(lambda: provider.told("Hot", "resolved") >= hot, SETTLED_LIMIT_S)

    repeats = provider.repeats()
    crew.kills.append(
        f"pages-{kills}: {len(hot)} alerts, {len(provider.messages)} messages, 0 missing; "
        f"{plant.in_flight} under way at kills, {repeats.total()} came again, all marked"
    )
    assert provider.told("Hot", "firing") == hot
    assert provider.unmarked() == []
    assert provider.told("Hot", "escalated", "second") == set()
    assert repeats.total() <= plant.in_flight


@pytest.mark.parametrize("away_s", [20, pytest.param(600, marks=pytest.mark.long)])
async def test_what_was_over_before_it_was_read_wakes_nobody_up(crew: Crew, away_s: int):
    """An alert fires, and the engines die; it is over before it is time to call somebody else."""
    async with ward(crew.line, f"away-{away_s}", crew.kills, wait="12s", silent="10s") as plant:
        provider = plant.provider
        await speak_for(plant, 2, REACTORS)
        hot_at = await plant.says(0, HOT)
        await until(lambda: bool(provider.told("Hot", "firing")), SETTLED_LIMIT_S)
        for name in VICTIMS[:2]:
            await plant.running.pop(name).kill()
        await asyncio.sleep((hot_at + OVER_AFTER - clock.now()).total_seconds())
        await plant.says(0, COLD)
        speaking = asyncio.create_task(speak_for(plant, away_s + SETTLED_LIMIT_S, REACTORS))
        await asyncio.sleep(away_s)
        async with asyncio.TaskGroup() as starting:
            starting.create_task(plant.start("dispatch"))
            starting.create_task(plant.start("rules"))
        await until(lambda: bool(provider.told("Hot", "resolved")), SETTLED_LIMIT_S)
        await asyncio.sleep(TICKING_AFTER_S)
        speaking.cancel()

    assert provider.told("Hot", "firing") == {("r0", hot_at)}
    assert provider.told("Hot", "escalated", "second") == set()
    assert [one for one in provider.messages if one.alerts[0][0] == "Silent"] == []


async def speak_for(plant: Ward, seconds: float, reactors: int) -> None:
    """So many of the reactors, the last ones, say each second that they are cold."""
    end = clock.now() + timedelta(seconds=seconds)
    while clock.now() < end:
        for reactor in range(REACTORS - reactors, REACTORS):
            await plant.says(reactor, COLD)
        await asyncio.sleep(1)
