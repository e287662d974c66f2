"""Every tag of the plant file has a signal, whatever it is called."""

import pytest

from plantstream.runtime.errors import MisconfiguredError
from plantstream.simulator.machine import Signal, Stance
from plantstream.simulator.packml import PackML
from plantstream.simulator.signals import points, value_of
from schemas.plant.equipment import Equipment
from schemas.plant.tags import Tag

SHOWN: dict[str, Signal] = {"good": 7, "batch": "b", "temperature": 21.5}


def equipment(*tags):
    return Equipment.model_validate(
        {"id": "one", "area": "a", "line": "l", "class": "reactor", "tags": list(tags)}
    )


def shown(tag, stance):
    (point,) = points(equipment(tag), SHOWN)
    return value_of(point, SHOWN, stance)


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        pytest.param(Tag(name="pieces", means="good_count"), 7, id="a counter by its meaning"),
        pytest.param(Tag(name="lot", means="batch"), "b", id="a batch by its meaning"),
        pytest.param(Tag(name="temperature"), 21.5, id="a reading by its name"),
        pytest.param(Tag(name="mode", means="state", running_above=5), 6, id="the state"),
    ],
)
def test_a_tag_shows_its_signal(tag, value):
    assert shown(tag, Stance(PackML.EXECUTE, "b", "p")) == value


def test_a_state_that_cannot_be_read_shows_nothing():
    tag = Tag(name="mode", means="state", running_above=5)
    assert shown(tag, Stance(None, "b", "p")) is None


def test_tags_that_cannot_be_simulated_are_named():
    with pytest.raises(MisconfiguredError, match="tags torque, flow of one cannot be simulated"):
        points(equipment(Tag(name="torque"), Tag(name="flow")), SHOWN)
