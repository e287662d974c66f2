"""What the page and the sample of the MQTT input say is what it reads."""

import re
from pathlib import Path

import ingest.inputs.mqtt
from ingest.inputs.registry import build_inputs
from schemas.plant.load import load_plant
from schemas.plant.sources import MqttSource

FOLDER = Path(ingest.inputs.mqtt.__file__).parent


def test_every_option_is_told_with_its_default():
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    table = page.partition("## Options")[2].partition("## Metrics")[0]
    rows = re.findall(r"^\| (`.+?) \| (.*?) \|", table, re.MULTILINE)
    told = {name: default for names, default in rows for name in re.findall(r"`(\w+)`", names)}

    assert told.keys() == MqttSource.model_fields.keys() - {"type"}
    for name in ("session_expiry_s", "heartbeat_s"):
        assert float(told[name].split()[0]) == MqttSource.model_fields[name].default


def test_the_sample_is_a_plant_file_that_the_input_takes():
    file = FOLDER / "sample.yaml"
    plant = load_plant(file.read_text(encoding="utf-8"), str(file))
    assert list(build_inputs(plant)) == ["broker"]
