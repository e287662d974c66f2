"""The cache: whole or not at all, built by one."""

import asyncio
from pathlib import Path

import pytest

from plantstream.embedded import cache


class Builder:
    """Builds a directory with one file and counts how often."""

    def __init__(self, digest: str = "a") -> None:
        self.built = 0
        self.recipe = cache.Recipe("thing", digest, self.build)

    async def build(self, directory: Path) -> None:
        self.built += 1
        await asyncio.sleep(0)
        (directory / "file").write_text(self.recipe.digest)


async def test_it_is_built_once(tmp_path: Path) -> None:
    builder = Builder()
    for _ in range(2):
        assert (await cache.ensure(tmp_path, builder.recipe) / "file").read_text() == "a"
    assert builder.built == 1


async def test_two_at_once_build_it_once(tmp_path: Path) -> None:
    builder = Builder()
    await asyncio.gather(*(cache.ensure(tmp_path, builder.recipe) for _ in range(5)))
    assert builder.built == 1


async def test_one_that_was_half_done_is_done_again(tmp_path: Path) -> None:
    (tmp_path / "thing").mkdir()
    (tmp_path / "thing" / "rest").touch()
    target = await cache.ensure(tmp_path, Builder().recipe)
    assert not (target / "rest").exists()
    assert (target / "file").exists()


async def test_other_contents_are_built_anew(tmp_path: Path) -> None:
    await cache.ensure(tmp_path, Builder("a").recipe)
    target = await cache.ensure(tmp_path, Builder("b").recipe)
    assert (target / "file").read_text() == "b"


async def test_a_failure_leaves_nothing_and_can_be_repeated(tmp_path: Path) -> None:
    async def fail(directory: Path) -> None:
        (directory / "file").touch()
        raise RuntimeError("no network")

    with pytest.raises(RuntimeError, match="no network"):
        await cache.ensure(tmp_path, cache.Recipe("thing", "a", fail))
    assert names_in(tmp_path) == [".thing.lock"]
    await cache.ensure(tmp_path, Builder().recipe)


def names_in(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]
