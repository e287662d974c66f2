"""Plant files that events name: those published, and those that come later, in simulated time."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.ports import Record
from processors.streams.plants import LOOK_AGAIN_S, PATIENCE_S, READ_EVERY_S, PublishedPlants
from schemas.codec import encode
from schemas.model import PlantPublished
from schemas.topics import MODEL
from tests.makers import plant
from tests.processors.streams.doubles import NOW
from tests.simulation.clockwork import simulate

FILE = plant()
VERSION = FILE.version


class Models:
    """plant.model.v1, and how often it was read."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.read = 0
        self.is_away = False

    def publish(self, number: int = 0, in_force_from: datetime | None = None) -> None:
        told = PlantPublished(
            site=FILE.plant.site_path(),
            plant_version=VERSION,
            file="plant.yaml",
            text=FILE.text,
            published_at=NOW - timedelta(seconds=60),
            number=number,
            in_force_from=in_force_from,
        )
        self.records.append(Record(MODEL.name, 0, 0, b"site", encode(told)))

    async def all(self) -> AsyncIterator[Record]:
        self.read += 1
        if self.is_away:
            raise UnavailableError("nobody answers")
        for record in self.records:
            yield record


def seconds() -> float:
    return asyncio.get_running_loop().time()


@pytest.mark.parametrize("late_s", [0, PATIENCE_S / 2])
def test_an_event_may_be_ahead_of_its_plant_file(late_s: float):
    async def story():
        models = Models()
        asyncio.get_running_loop().call_later(late_s, models.publish)

        assert (await PublishedPlants(models.all).known({VERSION})).keys() == {VERSION}

    simulate(story)


def test_a_plant_file_that_was_never_published_is_waited_for_once():
    async def story():
        models = Models()
        plants = PublishedPlants(models.all)
        assert await plants.known({VERSION}) == {}
        waited_s, read = seconds(), models.read
        assert waited_s == pytest.approx(PATIENCE_S, abs=1)

        assert await plants.known({VERSION}) == {}
        await asyncio.sleep(LOOK_AGAIN_S)
        assert await plants.known({VERSION}) == {}

        assert seconds() == pytest.approx(waited_s + LOOK_AGAIN_S)
        assert models.read == read + 1

    simulate(story)


def test_one_that_is_published_after_all_is_found_by_what_is_sent_again():
    async def story():
        models = Models()
        plants = PublishedPlants(models.all)
        assert await plants.known({VERSION}) == {}
        models.publish()
        await asyncio.sleep(LOOK_AGAIN_S)

        assert (await plants.known({VERSION})).keys() == {VERSION}

    simulate(story)


@pytest.mark.parametrize(
    ("applied", "found"),
    [
        pytest.param([], None, id="an edge uses it unasked"),
        pytest.param([(1, 0)], 0, id="applied"),
        pytest.param([(1, 0), (2, 3600)], 0, id="the next one is for later"),
        pytest.param([(1, -7200), (2, -1800)], -60, id="the last one"),
        pytest.param([(1, 30)], 30, id="from a time that has come"),
    ],
)
def test_of_a_site_where_a_file_was_applied_it_is_known_since_when_one_is_in_force(
    applied: list[tuple[int, int]], found: int | None
):
    async def story():
        models = Models()
        models.publish()
        for number, in_force_s in applied:
            models.publish(number, NOW + timedelta(seconds=in_force_s))
        sites = await PublishedPlants(models.all).in_force(NOW + timedelta(seconds=60))

        assert [one.plant.version for one in sites.values()] == [VERSION] * (found is not None)
        assert [one.since for one in sites.values()] == [
            NOW + timedelta(seconds=second) for second in [found] if second is not None
        ]

    simulate(story)


def test_what_is_in_force_is_read_now_and_then():
    async def story():
        models = Models()
        plants = PublishedPlants(models.all)
        assert not await plants.in_force(NOW)
        models.publish(1, NOW)
        assert not await plants.in_force(NOW)
        await asyncio.sleep(READ_EVERY_S)
        models.is_away = True
        assert not await plants.in_force(NOW)
        models.is_away = False

        assert await plants.in_force(NOW)
        assert models.read == 3

    simulate(story)


def test_a_file_that_an_event_names_is_in_force_at_once():
    async def story():
        models = Models()
        plants = PublishedPlants(models.all)
        assert not await plants.in_force(NOW)
        models.publish(1, NOW)
        await plants.known({VERSION})

        assert await plants.in_force(NOW)

    simulate(story)
