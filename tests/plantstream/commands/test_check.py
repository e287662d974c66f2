import json
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from tests.makers import plant
from tests.plantstream.commands.conftest import Run

ROOT = Path(__file__).parents[3]
NINU = ROOT / "deploy" / "plants" / "ninu" / "plant.yaml"
SCHEMA = ROOT / "schemas" / "generated" / "plant.schema.json"
GOOD = plant().text


@pytest.fixture
def plant_file(tmp_path: Path) -> Path:
    path = tmp_path / "plant.yaml"
    path.write_text(GOOD)
    return path


def test_a_good_plant_is_one_line_with_what_it_holds(run: Run, plant_file: Path):
    ran = run("check", plant_file)
    assert ran.code == 0
    assert ran.err == ""
    (said,) = ran.lines
    assert said.startswith(f"{plant_file}: ok, version ")
    assert said.endswith(": 1 equipment, 0 sources, 3 products, 1 calendars")


def test_json_says_the_same(run: Run, plant_file: Path):
    said = run("check", plant_file, "--json").json
    assert said["ok"] is True
    assert said["mistakes"] == []
    assert (said["equipment"], said["products"]) == (1, 3)


def test_every_mistake_is_shown_with_line_column_key_and_hint(run: Run, plant_file: Path):
    wrong = GOOD.replace("minor_stop_s", "minor_stops").replace("calendar: weekly", "calendar: wek")
    plant_file.write_text(wrong.replace("zone: UTC", "zone: Mars/Base"))
    ran = run("check", plant_file)
    assert ran.code == 78
    assert ran.out == ""
    assert f"{plant_file}:5:1: time_zone: " in ran.err
    assert "did you mean minor_stop_s?" in ran.err


def test_mistakes_are_json_too_and_still_exit_78(run: Run, plant_file: Path):
    plant_file.write_text(GOOD.replace("calendar: weekly", "calendar: weekley"))
    ran = run("check", plant_file, "--json")
    assert ran.code == 78
    assert ran.json["ok"] is False
    (mistake,) = ran.json["mistakes"]
    assert mistake["key"] == "equipment[0].calendar"
    assert mistake["hint"] == "did you mean weekly?"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"name: a\nsite: \xff\n", ":2:7: no UTF-8; save", id="bytes"),
        pytest.param(b"", ":1:1: ", id="nothing at all"),
        pytest.param(b"a: [1\n", "not readable", id="no YAML"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_mistake(
    run: Run, plant_file: Path, content: bytes, said: str
):
    plant_file.write_bytes(content)
    ran = run("check", plant_file)
    assert ran.code == 78
    assert said in ran.err


@pytest.mark.parametrize(
    "words",
    [
        pytest.param([], id="no file named"),
        pytest.param(["nowhere.yaml"], id="no such file"),
        pytest.param(["."], id="a folder"),
    ],
)
def test_wrong_usage_exits_2(run: Run, words: list[str]):
    ran = run("check", *words)
    assert ran.code == 2
    assert "PLANT" in ran.err


def test_the_schema_for_editors_takes_our_own_plant_and_no_unknown_key(run: Run):
    schema = run("check", "--schema").json
    assert schema == json.loads(SCHEMA.read_text())
    plant = YAML(typ="safe").load(NINU.read_text())
    jsonschema.validate(plant, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plant | {"nmae": "x"}, schema)
