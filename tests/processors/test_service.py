"""What a process can compute."""

from plantstream.commands.process import EngineName
from processors.service import WIRINGS


def test_the_command_names_every_engine():
    assert {str(name) for name in EngineName} == set(WIRINGS)


def test_engines_are_named_as_they_name_themselves():
    assert {name: wiring.make().name for name, wiring in WIRINGS.items()} == {
        name: name for name in WIRINGS
    }
    assert all(before in WIRINGS for wiring in WIRINGS.values() for before in wiring.upstream)
