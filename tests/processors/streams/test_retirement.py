"""An engine hears which plant files are in force, now and then, and after all that was said."""

from dataclasses import replace
from datetime import datetime, timedelta

from plantstream.runtime.ports import Assigned, TopicPartition
from processors.step import Sites, Transition
from schemas.topics import KPI
from tests.makers import Machine
from tests.processors.streams.doubles import EVENTS, NOW, PLANT, Bench, Listener, Told, records

SITE = PLANT.plant.site_path()


class Leaver(Listener):
    """Notes the files in force, and tells of it."""

    def __init__(self) -> None:
        self.last = Machine().alive(0)

    def retire(self, state: Told, now: datetime, sites: Sites) -> Transition[Told]:
        assert sites[SITE].plant is PLANT
        words = (*state.words, f"left {now:%H:%M:%S}")
        return Transition(replace(state, words=words), [self._output(state, self.last)])


async def working(engine: Listener) -> Bench:
    bench = Bench(engine=engine)
    bench.feed.assign(EVENTS)
    bench.feed.pieces.append(records(bench.machine.alive(0), Machine(run="again").alive(1)))
    await bench.turns(3)
    return bench


async def test_it_is_told_once_a_minute_of_live_states_and_what_follows_is_durable():
    bench = await working(Leaver())
    for seconds in (30, 50, 70, 130):
        bench.seconds = seconds
        await bench.turns(2)

    assert [one for one in bench.told() if one.startswith("left")] == [
        *("left 07:00:00", "left 07:01:10", "left 07:02:10")
    ]
    assert not [one for one in bench.told(f"again|{bench.machine.equipment}") if "left" in one]
    assert bench.plants.asked_at == [NOW + timedelta(seconds=n) for n in (0, 70, 130)]
    assert {one.topic for one in bench.journal.outputs} == {KPI.name}


async def test_nobody_else_is_asked():
    bench = await working(Listener())

    assert bench.plants.asked_at == []


async def test_nothing_is_over_before_all_is_applied_that_was_said():
    bench = Bench(engine=Leaver())
    bench.feed.waiting = 1
    bench.feed.assign(EVENTS)
    await bench.turns(4)

    assert bench.plants.asked_at == []

    bench.feed.waiting = 0
    bench.feed.pieces.append(records(bench.machine.alive(0)))
    await bench.turns(3)

    assert bench.told()[-1].startswith("left")


async def test_each_partition_has_its_own_minute():
    bench, other = await working(Leaver()), TopicPartition(EVENTS.topic, EVENTS.partition + 1)
    bench.feed.pieces.append(Assigned(frozenset({EVENTS, other})))
    bench.seconds = 20
    await bench.turns(4)

    assert bench.plants.asked_at == [NOW, NOW + timedelta(seconds=20)]
