"""What a plant file says: values as they are written, classes and addresses resolved."""

import hashlib
from datetime import date

import pytest

from schemas.plant.load import load_plant

PLANT = """\
enterprise: acme
site: {site}
name: {name}
time_zone: UTC
calendars:
  weekly:
    shifts:
      - {{name: early, days: {days}, start: {start}, end: {end}}}
  nights:
    shifts:
      - {{name: night, start: 22:00, end: 06:00}}
sources:
  plc:
    type: opcua
    endpoint: opc.tcp://127.0.0.1:4840
    security: {{policy: None, mode: None}}
equipment_classes:
  press:
    source: plc
    calendar: weekly
    minor_stop_s: 5
    unknown_after_s: 10
    unknown: exclude
    tags:
      - name: state
        node: ns=2;s={{id}}.State
        means: state
        states: {{1: setup, on: running}}
      - {{name: good, node: "ns=2;s={{id}}.Good", means: good_count}}
      - {{name: note, node: "ns=2;s=Note"}}
equipment:
  - {{id: press-1, class: press, area: hall, line: one}}
  - id: press-2
    class: press
    area: hall
    line: one
    calendar: nights
    minor_stop_s: 0
    tags:
      - {{name: good, node: "ns=3;s=Counter", means: good_count, rollover: 65535}}
      - {{name: force, node: "ns=3;s={{id}}.Force"}}
products:
  - {{id: "007", ideal_cycle_s: 0.03}}
  - {{id: P2, ideal_cycle_s: {{press-1: 1.5, press-2: 2}}}}
  - {{id: P3}}
"""
AS_WRITTEN = {
    "site": "north",
    "name": "A small plant",
    "days": "all",
    "start": "06:00",
    "end": "14:00",
}


def text(**written: str) -> str:
    return PLANT.format(**(AS_WRITTEN | written))


def plant(**written: str):
    return load_plant(text(**written), "plant.yaml").plant


@pytest.mark.parametrize("word", ["yes", "no", "on", "off", "y", "22:00", "1:30", "12e", "~x"])
def test_words_that_older_yaml_turned_into_other_things_stay_text(word):
    assert plant(name=word).name == word


@pytest.mark.parametrize("word", ["yes", "on", "off"])
def test_such_words_stay_text_as_names_and_keys(word):
    assert plant(site=word).site == word
    assert "on" in (plant().equipment[0].tags[0].states or {})


@pytest.mark.parametrize(
    ("written", "minutes"),
    [
        pytest.param("00:00", 0, id="midnight"),
        pytest.param("06:00", 360, id="without quotes"),
        pytest.param('"06:00"', 360, id="with quotes"),
        pytest.param("23:59", 1439, id="last minute"),
        pytest.param("24:00", 1440, id="end of the day"),
    ],
)
def test_a_time_of_day_needs_no_quotes(written, minutes):
    assert plant(end=written).calendars["weekly"].shifts[0].end == minutes


def test_days_are_a_list_or_all_of_them():
    assert plant(days="[sat, sun]").calendars["weekly"].shifts[0].days == ("sat", "sun")
    assert len(plant(days="all").calendars["weekly"].shifts[0].days) == 7
    assert len(plant().calendars["nights"].shifts[0].days) == 7


def test_states_may_be_named_by_numbers():
    assert set(plant().equipment[0].tags[0].states or {}) == {"1", "on"}


def test_equipment_has_what_its_class_says():
    press = plant().find("press-1")

    assert press
    assert (press.source, press.calendar, press.unknown) == ("plc", "weekly", "exclude")
    assert (press.minor_stop_s, press.unknown_after_s) == (5, 10)
    assert [tag.name for tag in press.tags] == ["state", "good", "note"]


def test_what_equipment_says_itself_wins_even_when_it_is_the_default():
    press = plant().find("press-2")

    assert press
    assert (press.calendar, press.minor_stop_s, press.unknown_after_s) == ("nights", 0, 10)


def test_an_own_tag_replaces_that_of_the_class_in_its_place():
    press = plant().find("press-2")

    assert press
    assert [(tag.name, tag.rollover) for tag in press.tags] == [
        ("state", None),
        ("good", 65535),
        ("note", None),
        ("force", None),
    ]


def test_addresses_name_the_equipment():
    nodes = {one.id: [tag.node for tag in one.tags] for one in plant().equipment}

    assert nodes == {
        "press-1": ["ns=2;s=press-1.State", "ns=2;s=press-1.Good", "ns=2;s=Note"],
        "press-2": [
            "ns=2;s=press-2.State",
            "ns=3;s=Counter",
            "ns=2;s=Note",
            "ns=3;s=press-2.Force",
        ],
    }


def test_an_ideal_cycle_is_known_for_all_or_for_some_or_not():
    of_product = {one.id: one for one in plant().products}

    assert of_product["007"].ideal_us("press-1", date.max) == 30_000
    assert of_product["P2"].ideal_us("press-1", date.max) == 1_500_000
    assert of_product["P2"].ideal_us("press-2", date.max) == 2_000_000
    assert of_product["P2"].ideal_us("press-3", date.max) is None
    assert of_product["P3"].ideal_us("press-1", date.max) is None


def test_equipment_is_found_by_id_and_by_path():
    found = plant()

    assert found.find("press-1") is found.find("acme/north/hall/one/press-1")
    assert found.find("press-9") is None


def test_the_version_is_that_of_the_text():
    loaded = load_plant(text(), "plant.yaml")
    other = load_plant(text() + "# a comment\n", "plant.yaml")

    assert loaded.version == hashlib.sha256(text().encode()).hexdigest()[:12]
    assert other.plant == loaded.plant
    assert other.version != loaded.version


def test_anchors_say_the_same_thing_twice():
    twice = (
        text()
        .replace("ideal_cycle_s: 0.03", "ideal_cycle_s: &c 0.03")
        .replace("{id: P3}", "{id: P3, ideal_cycle_s: *c}")
    )

    assert load_plant(twice, "plant.yaml").plant.products[2].ideal_us("press-1", date.max) == 30_000
