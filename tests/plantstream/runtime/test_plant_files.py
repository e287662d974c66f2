"""Which plant file a service uses, when, and what it starts from without a broker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.plant_files import LOOK_EVERY_S, FollowedPlant
from plantstream.runtime.ports import Record
from schemas.codec import encode
from schemas.model import PlantPublished, in_force
from schemas.plant.load import load_plant
from schemas.topics import MODEL
from tests.ingest.kit import NOW, PLANT

SITE = "acme/town"
LIMIT_S = 60


def published(number: int, text: str = PLANT, *, site: str = SITE, after_s: float = 0) -> Record:
    version = load_plant(text, "plant.yaml").version if "equipment:" in text else f"v{number}"
    one = PlantPublished(
        site=site,
        plant_version=version,
        file="plant.yaml",
        text=text,
        published_at=NOW,
        number=number,
        in_force_from=NOW + timedelta(seconds=after_s),
    )
    return Record(MODEL.name, 0, number, b"key", encode(one))


class Topic:
    """Records that come one after the other; it breaks when it is told to."""

    def __init__(self, *records: Record) -> None:
        self.records: asyncio.Queue[Record | UnavailableError] = asyncio.Queue()
        for one in records:
            self.records.put_nowait(one)

    async def __call__(self) -> AsyncIterator[Record]:
        while True:
            one = await self.records.get()
            if isinstance(one, UnavailableError):
                raise one
            yield one


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def renamed(name: str) -> str:
    return PLANT.replace("Test plant", name)


async def names(followed: FollowedPlant, number: int) -> list[str]:
    """The names of the first plant files that come into force."""
    found: list[str] = []
    async with aclosing(followed.files()) as files, asyncio.timeout(LIMIT_S):
        async for file in files:
            found.append(file.plant.name)
            if len(found) == number:
                break
    return found


async def test_the_file_that_was_applied_last_is_used(tmp_path: Path) -> None:
    topic = Topic(published(2, renamed("second")), published(1), published(9, site="acme/other"))

    assert await names(FollowedPlant(SITE, topic, tmp_path / "copy", Clock()), 1) == ["second"]


async def test_a_file_that_an_edge_uses_unasked_is_not_followed(tmp_path: Path) -> None:
    topic = Topic(published(0, renamed("unasked")), published(1))

    assert await names(FollowedPlant(SITE, topic, tmp_path / "copy", Clock()), 1) == ["Test plant"]


async def test_a_later_file_is_used_from_its_stated_time_on(tmp_path: Path) -> None:
    clock = Clock()
    topic = Topic(published(1), published(2, renamed("tomorrow"), after_s=86_400))
    followed = FollowedPlant(SITE, topic, tmp_path / "copy", clock)

    async with aclosing(followed.files()) as files, asyncio.timeout(LIMIT_S):
        first = await anext(files)
        clock.now += timedelta(days=1)
        second = await anext(files)

    assert (first.plant.name, second.plant.name) == ("Test plant", "tomorrow")


async def test_without_a_broker_it_starts_from_its_last_copy(tmp_path: Path) -> None:
    clock, copy = Clock(), tmp_path / "copy"
    topic = Topic(published(1), published(2, renamed("tomorrow"), after_s=86_400))
    await names(FollowedPlant(SITE, topic, copy, clock), 1)
    away = Topic()
    away.records.put_nowait(UnavailableError("nobody answers"))

    assert await names(FollowedPlant(SITE, away, copy, clock), 1) == ["Test plant"]
    clock.now += timedelta(days=1)
    assert await names(FollowedPlant(SITE, Topic(), copy, clock), 1) == ["tomorrow"]


async def test_a_file_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    clock = Clock()
    topic = Topic(published(1))
    followed = FollowedPlant(SITE, topic, tmp_path / "copy", clock)

    async with aclosing(followed.files()) as files, asyncio.timeout(LIMIT_S):
        await anext(files)
        topic.records.put_nowait(Record(MODEL.name, 0, 7, b"key", b"no JSON"))
        topic.records.put_nowait(published(2, "name: half a file\n"))
        topic.records.put_nowait(published(3, renamed("whole again")))
        assert (await anext(files)).plant.name == "whole again"


async def test_a_file_whose_text_comes_back_later_stays_in_force_until_then(tmp_path: Path) -> None:
    """The plant of the weekend, and on Monday the one of today again, both stated today."""
    clock, copy = Clock(), tmp_path / "copy"
    weekend = published(2, renamed("weekend"), after_s=1000)
    topic = Topic(published(1), weekend, published(3, after_s=2000))
    assert await names(FollowedPlant(SITE, topic, copy, clock), 1) == ["Test plant"]

    restarted = FollowedPlant(SITE, Topic(), copy, clock)
    async with aclosing(restarted.files()) as files, asyncio.timeout(LIMIT_S):
        found = [(await anext(files)).plant.name]
        for _ in range(2):
            clock.now += timedelta(seconds=1000)
            found.append((await anext(files)).plant.name)

    assert found == ["Test plant", "weekend", "Test plant"]


async def test_a_copy_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    await asyncio.to_thread(taken.write_bytes, b"no folder")
    topic = Topic(published(1))

    followed = FollowedPlant(SITE, topic, taken / "copy", Clock())
    async with aclosing(followed.files()) as files, asyncio.timeout(LIMIT_S):
        first = await anext(files)
        topic.records.put_nowait(published(2, renamed("second")))
        second = await anext(files)

    assert (first.plant.name, second.plant.name) == ("Test plant", "second")


async def test_a_clock_that_is_set_back_brings_no_old_file_back(tmp_path: Path) -> None:
    clock = Clock()
    topic = Topic(published(1, after_s=-10), published(2, renamed("second")))
    followed = FollowedPlant(SITE, topic, tmp_path / "copy", clock)

    async with aclosing(followed.files()) as files, asyncio.timeout(LIMIT_S):
        while (await anext(files)).plant.name != "second":
            pass
        clock.now -= timedelta(seconds=5)
        following = asyncio.ensure_future(anext(files))
        await asyncio.wait({following}, timeout=1.5 * LOOK_EVERY_S)
        topic.records.put_nowait(published(3, renamed("third"), after_s=-5))
        assert (await following).plant.name == "third"


async def test_a_restart_goes_on_with_the_last_file_that_can_be_read(tmp_path: Path) -> None:
    clock, copy = Clock(), tmp_path / "copy"
    topic = Topic(published(1))
    async with aclosing(FollowedPlant(SITE, topic, copy, clock).files()) as files:
        await anext(files)
        topic.records.put_nowait(published(2, "name: half a file\n"))
        async with asyncio.timeout(LIMIT_S):
            while b"half a file" not in await asyncio.to_thread(copy.read_bytes):  # noqa: ASYNC110 - a file has no event
                await asyncio.sleep(0.01)

    assert await names(FollowedPlant(SITE, Topic(), copy, clock), 1) == ["Test plant"]


@pytest.mark.parametrize(
    ("times", "number"),
    [
        ([(1, 0), (2, 5)], 1),
        ([(1, 0), (2, -5)], 2),
        ([(1, 0), (3, 5), (2, 0)], 2),
        ([(2, -1), (1, 0)], 2),
    ],
)
def test_of_those_whose_time_has_come_the_last_one_applied_wins(
    times: list[tuple[int, float]], number: int
) -> None:
    files = [
        PlantPublished.model_validate_json(published(one, after_s=after).value or b"")
        for one, after in times
    ]

    found = in_force(files, SITE, NOW)

    assert found is not None
    assert found.number == number
