"""What a process can compute."""

import pytest

from plantstream.commands.process import EngineName
from plantstream.commands.stack import ENGINES as STARTED
from plantstream.runtime.acl import ENGINES as GRANTED
from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.service import Service
from processors.service import WIRINGS, until_stopped


def test_the_command_names_every_engine():
    assert {str(name) for name in EngineName} == set(WIRINGS)


def test_up_runs_every_engine_once_and_each_has_rights_in_kafka():
    run = [name for engines in STARTED.values() for name in engines]

    assert sorted(run) == sorted(WIRINGS) == sorted(GRANTED)


def test_engines_are_named_as_they_name_themselves():
    assert {name: wiring.make().name for name, wiring in WIRINGS.items()} == {
        name: name for name in WIRINGS
    }
    assert all(before in WIRINGS for wiring in WIRINGS.values() for before in wiring.upstream)


class Failing:
    """A shell whose broker has gone."""

    stopping = False

    async def run(self) -> None:
        raise UnavailableError("the broker is away")


async def test_an_engine_that_fails_has_all_others_stop_as_if_told_to():
    service = Service("process")

    with pytest.raises(UnavailableError, match="the broker is away"):
        await until_stopped(service, [Failing()], [])

    assert service.stopping.is_set()
    assert service.gave_up == "the broker is away"
