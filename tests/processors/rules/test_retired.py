"""Alerts of equipment that was taken out of the plant file."""

from dataclasses import dataclass

import pytest

from processors.rules.equipment import RulesEngine
from processors.step import InForce
from schemas.plant.load import PlantFile, load_plant
from tests.processors.rules.telling import SITE, Run, Sayer, at, plant, short

RULES = """
- {alert: Dead, when: {absent: equipment, after: 5m}, severity: critical, summary: dead}
- {alert: Hot, when: {tag: temperature, above: 80}, severity: warning, summary: hot}
"""
PRESS = f"{SITE}/hall/two/press"
WITH = plant(RULES)


def without_press() -> PlantFile:
    kept = [line for line in WITH.text.splitlines() if "id: press" not in line]
    return load_plant("\n".join(kept), "plant.yaml")


WITHOUT = without_press()


@dataclass
class Place(Run):
    """The press, and the file that is in force at its site from 100 s on."""

    plant: PlantFile = WITH
    about: str = PRESS

    def looked(self, seconds: float, file: PlantFile = WITHOUT) -> "Place":
        sites = {SITE: InForce(file, at(100))}
        self._take(RulesEngine().retire(self.state, at(seconds), sites))
        return self


def press(written: bool = False) -> tuple[Place, Sayer]:
    place, said = Place(written=written), Sayer(WITH, PRESS)
    place.hear(said.tag(0, 90.0))
    return place, said


@pytest.mark.parametrize("written", [False, True])
def test_what_fires_of_it_is_resolved_when_the_file_came_into_force(written: bool):
    place, _ = press(written)
    place.looked(160)

    assert [(one.labels["alertname"], *short([one])) for one in place.told] == [
        ("Hot", "firing 0"),
        ("Hot", "resolved 100"),
    ]
    assert place.told[-1].plant_version == WITHOUT.version


@pytest.mark.parametrize("written", [False, True])
def test_nothing_is_told_of_it_any_more(written: bool):
    place, _ = press(written)
    place.looked(160)
    place.told.clear()

    assert place.engine.due(place.state) is None
    place.plant = WITHOUT
    place.tick(9999)
    assert not place.looked(9999).told


def test_a_silence_that_was_told_meanwhile_is_over_as_well():
    place, _ = press()
    place.tick(400)
    place.looked(401)

    assert sorted(short(place.told)) == [
        *("firing 0", "firing 300 critical", "resolved 100", "resolved 300")
    ]


@pytest.mark.parametrize(
    "seconds", [pytest.param(99, id="before"), pytest.param(159, id="within a minute")]
)
def test_an_edge_has_a_minute_to_take_the_file_up(seconds: float):
    place, _ = press()
    before = place.state

    assert place.looked(seconds).state is before


def test_what_an_edge_with_another_file_tells_of_is_there_until_it_is_silent():
    place, said = press()
    place.hear(said.tag(500, 91.0))
    place.looked(600)
    assert short(place.told) == ["firing 0", "firing 300 critical", "resolved 500"]

    place.looked(500 + 600)
    assert short(place.told)[3:] == ["resolved 500"]


def test_equipment_that_is_in_the_file_is_left_alone_and_so_are_other_sites():
    place, _ = press()
    before = place.state

    assert place.looked(9999, plant(RULES.replace("80", "85"))).state is before
    assert place.looked(9999, WITH).state is before
    assert RulesEngine().retire(before, at(9999), {}).state is before


def test_it_is_told_of_anew_when_it_is_back():
    place, said = press()
    place.looked(160)
    place.hear(said.tag(1000, 95.0))

    assert short(place.told) == ["firing 0", "resolved 100", "firing 1000"]
