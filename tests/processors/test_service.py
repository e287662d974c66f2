"""What a process can compute."""

from plantstream.commands.process import EngineName
from plantstream.commands.stack import ENGINES as STARTED
from plantstream.runtime.acl import ENGINES as GRANTED
from processors.service import WIRINGS


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
