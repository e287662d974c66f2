"""Plant files that events name: those published, and those that come later, in simulated time."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from plantstream.runtime.ports import Record
from processors.streams.plants import LOOK_AGAIN_S, PATIENCE_S, PublishedPlants
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

    def publish(self) -> None:
        told = PlantPublished(
            site=FILE.plant.site_path(),
            plant_version=VERSION,
            file="plant.yaml",
            text=FILE.text,
            published_at=NOW,
        )
        self.records.append(Record(MODEL.name, 0, 0, b"site", encode(told)))

    async def all(self) -> AsyncIterator[Record]:
        self.read += 1
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
