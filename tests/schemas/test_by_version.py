"""What is made of a plant file is kept by its version."""

from dataclasses import replace

from schemas.plant.by_version import ByVersion
from schemas.plant.load import load_plant

_TEXT = """
{enterprise: acme, site: north, name: North, time_zone: UTC,
 calendars: {always: {shifts: [{name: d, start: "00:00", end: "24:00"}]}},
 equipment: [{id: press, area: a, line: l, calendar: always}]}
"""


def test_files_of_one_version_are_one_key_and_others_are_not():
    file = load_plant(_TEXT, "plant.yaml")
    kept = {ByVersion(file): "kept"}

    assert kept[ByVersion(replace(file, file="elsewhere.yaml"))] == "kept"
    assert ByVersion(replace(file, version="another")) not in kept
