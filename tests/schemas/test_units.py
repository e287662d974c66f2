"""Units: a value of the source is the same thing in the unit of the plant."""

import pytest

from schemas.mistakes import FileError
from schemas.plant.load import load_plant
from schemas.plant.units import UnitError, conversion
from tests.ingest.kit import PLANT


@pytest.mark.parametrize(
    ("value", "source", "target", "same"),
    [
        (212, "°F", "°C", 100),
        (0, "degC", "K", 273.15),
        (9, "delta_degF", "delta_degC", 5),
        (1, "bar", "kPa", 100),
        (14.503773773, "psi", "bar", 1),
        (90, "L/min", "m^3/h", 5.4),
        (25, "%", "", 0.25),
        (60, "rpm", "Hz", 1),
        (3.6, "MJ", "kWh", 1),
    ],
)
def test_a_value_is_converted(value: float, source: str, target: str, same: float) -> None:
    factor, offset = conversion(source, target)

    assert value * factor + offset == pytest.approx(same)


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("bar", "°C", "measure different things"),
        ("furlongz", "m", "no such unit"),
        ("((", "m", "is no unit"),
    ],
)
def test_what_cannot_be_converted_says_why(source: str, target: str, said: str) -> None:
    with pytest.raises(UnitError, match=said):
        conversion(source, target)


def test_a_tag_is_read_in_its_sources_unit_and_kept_in_the_plants() -> None:
    text = PLANT.replace("unit: degC", "unit: degC, source_unit: degF, factor: 0.1")

    (tag,) = [
        one for one in load_plant(text, "plant.yaml").plant.equipment[0].tags if one.source_unit
    ]

    assert 2120 * tag.factor + tag.offset == pytest.approx(100)


@pytest.mark.parametrize(
    ("was", "is_now", "said"),
    [
        ("unit: degC", "unit: degC, source_unit: bar", "bar and degC measure different things"),
        ("name: note", "name: note, source_unit: bar", "source_unit needs a unit"),
    ],
)
def test_a_wrong_unit_is_a_mistake_of_the_plant_file(was: str, is_now: str, said: str) -> None:
    with pytest.raises(FileError, match=said):
        load_plant(PLANT.replace(was, is_now), "plant.yaml")
