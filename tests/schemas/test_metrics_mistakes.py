"""What a plant file may say of reactors and stations, and what is a mistake there."""

import pytest

from schemas.mistakes import FileError
from schemas.plant.load import load_plant
from tests.sinks.metrics.telling import TEXT


def told(metrics: str) -> list[str]:
    """The mistakes of the plant with this under `metrics`."""
    text = TEXT.replace("metrics: {stations: {classes: [press]}}", f"metrics: {metrics}")
    try:
        load_plant(text, "plant.yaml")
    except FileError as error:
        return str(error).splitlines()
    return []


@pytest.mark.parametrize(
    "metrics",
    [
        pytest.param("{}", id="the default classes need not be there"),
        pytest.param("{stations: {classes: [press], energy: energy}}", id="a tag that is there"),
        pytest.param("{stations: {classes: []}}", id="no stations"),
    ],
)
def test_what_may_be_said(metrics: str):
    assert told(metrics) == []


@pytest.mark.parametrize(
    ("metrics", "words"),
    [
        ("{stations: {classes: [pres]}}", "no such class: pres"),
        ("{reactors: {temperature: temprature}}", "no equipment of reactor has such a tag"),
        ("{reactors: {heat: temperature}}", "heat"),
    ],
)
def test_a_mistake_is_named_with_its_place(metrics: str, words: str):
    found = "\n".join(told(metrics))
    assert words in found
    assert "metrics" in found


@pytest.mark.parametrize("prefix", ["ninu-", "9_", "a b"])
def test_a_prefix_that_no_metric_can_have_is_refused(prefix: str):
    with pytest.raises(FileError, match="metrics_prefix"):
        load_plant(TEXT.replace("acme_", f'"{prefix}"'), "plant.yaml")
