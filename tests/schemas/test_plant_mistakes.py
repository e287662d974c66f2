"""A plant file with mistakes starts nothing; each is told with its place, its key and a hint."""

import re

import pytest

from schemas.mistakes import FileError
from schemas.plant.load import load_plant

PLANT = """\
enterprise: acme
site: north
name: A small plant
time_zone: America/Mexico_City
sources:
  plc:
    type: opcua
    endpoint: opc.tcp://127.0.0.1:4840
    security: {policy: None, mode: None}
calendars:
  weekly:
    shifts:
      - {name: early, days: [mon, tue], start: "06:00", end: "14:00"}
equipment_classes:
  press:
    source: plc
    calendar: weekly
    tags:
      - {name: speed, node: "s={id}.Speed", means: state, running_above: 0}
equipment:
  - {id: press-1, class: press, area: hall, line: one}
products:
  - {id: P1, ideal_cycle_s: {press-1: 0.5}}
"""


def mistakes(was: str, is_now: str) -> list[str]:
    """What is said about the small plant in which this stands instead of that."""
    assert PLANT.count(was) == 1
    with pytest.raises(FileError) as caught:
        load_plant(PLANT.replace(was, is_now), "plant.yaml")
    return [str(one) for one in caught.value.mistakes]


def test_the_small_plant_has_none():
    assert (
        load_plant(PLANT, "plant.yaml").plant.path_of(
            load_plant(PLANT, "plant.yaml").plant.equipment[0]
        )
        == "acme/north/hall/one/press-1"
    )


@pytest.mark.parametrize(
    ("was", "is_now", "said"),
    [
        pytest.param(
            "time_zone:", "timezone:",
            [
                "1:1: time_zone is missing",
                "4:1: timezone: unknown key; did you mean time_zone?",
            ],
            id="an unknown key that is nearly a known one",
        ),
        pytest.param(
            "name: A", "retention: {after_release: 4h}\nname: A",
            ["3:13: retention.after_release: "
             "write so many days, weeks or years, as 90d, 26w, 5y, 1y30d"],
            id="hours where years belong",
        ),
        pytest.param(
            "name: A", "retention: {after_release: 30d}\nname: A",
            ["3:1: retention: after_release is at least 90d: topics keep what they hold as long, "
             "and what is read there again would come back"],
            id="records that topics would bring back",
        ),
        pytest.param(
            "name: A", "retention: {after_expiry: 101y}\nname: A",
            ["3:13: retention.after_expiry: that is longer than a hundred years"],
            id="records for ever",
        ),
        pytest.param(
            "name: A", f"retention: {{after_expiry: {'99999y' * 40}}}\nname: A",
            ["3:13: retention.after_expiry: that is longer than a hundred years"],
            id="records for longer than any clock goes",
        ),
        pytest.param(
            "ideal_cycle_s: {press-1: 0.5}", "shelf_life: 0d",
            ["23:5: products[0]: shelf_life is a day or more"], id="no shelf life",
        ),
        pytest.param(
            "name: A", "humour: dry\nname: A", ["3:1: humour: unknown key"], id="an unknown key"
        ),
        pytest.param(
            "    source: plc", "    sorce: plc",
            ["16:5: equipment_classes.press.sorce: unknown key; did you mean source?"],
            id="an unknown key deep inside",
        ),
        pytest.param(
            ", area: hall", "", ["21:5: equipment[0]: area is missing"], id="a missing key"
        ),
        pytest.param(
            "site: north", "site: North",
            ["2:1: site: string should match pattern '^[a-z0-9_-]+$'"],
            id="a name with capitals",
        ),
        pytest.param(
            "  weekly:\n", "  Weekly:\n",
            ["11:3: calendars.Weekly: string should match pattern '^[a-z0-9_-]+$'"],
            id="a key with capitals",
        ),
        pytest.param(
            "name: A small plant", "name: 42",
            ["3:1: name: input should be a valid string; put it in quotes"],
            id="a number where text belongs",
        ),
        pytest.param(
            "name: A small plant", "name: 2026-03-02",
            ["3:1: name: input should be a valid string; put it in quotes"],
            id="a date where text belongs",
        ),
        pytest.param(
            "name: A small plant", "name: true",
            ["3:1: name: input should be a valid string; put it in quotes"],
            id="a boolean where text belongs",
        ),
        pytest.param(
            "name: A small plant", "name:",
            ["3:1: name: input should be a valid string"], id="nothing where text belongs",
        ),
        pytest.param(
            "America/Mexico_City", "America/Xalapa",
            ["4:1: time_zone: no such time zone; write it as America/Mexico_City"],
            id="no time zone",
        ),
        pytest.param(
            '"06:00"', "6:00",
            ["13:41: calendars.weekly.shifts[0].start: "
             'write a time of day as "06:00"; 24:00 is the end of the day'],
            id="a time of day without a zero",
        ),
        pytest.param(
            '"06:00"', "360",
            ["13:41: calendars.weekly.shifts[0].start: "
             'write a time of day as "06:00"; 24:00 is the end of the day'],
            id="minutes where a time of day belongs",
        ),
        pytest.param(
            '"14:00"', '"24:01"',
            ["13:57: calendars.weekly.shifts[0].end: "
             'write a time of day as "06:00"; 24:00 is the end of the day'],
            id="after midnight",
        ),
        pytest.param(
            "[mon, tue]", "[mon, tues]",
            ["13:35: calendars.weekly.shifts[0].days[1]: input should be 'mon', 'tue', 'wed', "
             "'thu', 'fri', 'sat' or 'sun'; did you mean tue?"],
            id="no day of the week",
        ),
        pytest.param(
            "means: state", "means: stat",
            ["19:45: equipment_classes.press.tags[0].means: input should be 'state', "
             "'produced_count', 'good_count', 'scrap_count', 'rework_count', 'batch', 'product', "
             "'phase', 'cycle_time' or 'stop_reason'; did you mean state?",
            ],
            id="no meaning",
        ),
        pytest.param(
            "running_above: 0", "states: {1: runing, 6: running}",
            ["19:68: equipment_classes.press.tags[0].states.1: input should be 'not_scheduled', "
             "'planned_stop', 'setup', 'unplanned_stop', 'delay', 'minor_stop', 'running', "
             "'unknown' or 'unplanned_running'; did you mean running?"],
            id="no time category, under a key that is a number",
        ),
        pytest.param(
            ", running_above: 0", "",
            ["19:9: equipment_classes.press.tags[0]: "
             "a state tag needs either states or running_above"],
            id="a state without a rule",
        ),
        pytest.param(
            "running_above: 0", "running_above: .nan",
            ["19:59: equipment_classes.press.tags[0].running_above: "
             "input should be a finite number"],
            id="NaN",
        ),
        pytest.param(
            "0.5", "-0.5",
            ["23:5: products[0]: ideal_cycle_s is a positive number of whole microseconds"],
            id="a negative cycle",
        ),
        pytest.param(
            "opc.tcp://127.0.0.1:4840", "http://127.0.0.1:4840",
            ["8:5: sources.plc.endpoint: string should match pattern '^opc\\.tcp://'"],
            id="another protocol",
        ),
        pytest.param(
            "policy: None", "policy: Basic256Sha256",
            ["9:5: sources.plc.security: policy None and mode None go together"],
            id="half a security",
        ),
        pytest.param(
            "{policy: None, mode: None}", "{server_certificate: a.der, trust_list: b}",
            ["9:5: sources.plc.security: server_certificate and trust_list exclude each other: "
             "keep one"],
            id="two ways to trust",
        ),
        pytest.param(
            "{policy: None, mode: None}",
            "{policy: None, mode: None}\n    user: u\n    password: {env: P}",
            ["6:3: sources.plc: policy None would send the password in clear: "
             "choose another policy, or write password_in_clear: true"],
            id="a password in clear",
        ),
        pytest.param(
            "{policy: None, mode: None}", "{}\n    user_certificate: u.der",
            ["6:3: sources.plc: user_certificate and user_private_key go together"],
            id="half a user's certificate",
        ),
        pytest.param(
            "means: state, running_above: 0}", "deadband: {absolute: 1, percent: 1}}",
            ["19:45: equipment_classes.press.tags[0].deadband: "
             "a deadband is either absolute or percent"],
            id="two deadbands",
        ),
        pytest.param(
            "means: state, running_above: 0}",
            "means: state, running_above: 0, deadband: {absolute: 1}}",
            ["19:9: equipment_classes.press.tags[0]: "
             "deadband and intervals belong to a measured value, not to a tag with a meaning"],
            id="a deadband of a state",
        ),
        pytest.param(
            "- {id: press-1", "- 7\n  - {id: press-1",
            ["21:5: equipment[0]: here belong `key: value` lines"],
            id="a number where equipment belongs",
        ),
        pytest.param(
            "    tags:\n", "    tags: speed\n    more:\n",
            ["18:5: equipment_classes.press.tags: here belongs a list",
             "19:5: equipment_classes.press.more: unknown key; did you mean mode?"],
            id="text where a list belongs",
        ),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit(was, is_now, said):
    assert mistakes(was, is_now) == [f"plant.yaml:{one}" for one in said]


@pytest.mark.parametrize(
    ("was", "is_now", "said"),
    [
        pytest.param(
            "calendar: weekly", "calendar: weakly",
            ["17:5: equipment_classes.press.calendar: no such calendar: weakly; "
             "did you mean weekly?"],
            id="a calendar",
        ),
        pytest.param(
            "source: plc", "source: server",
            ["16:5: equipment_classes.press.source: no such source: server"],
            id="a source",
        ),
        pytest.param(
            "class: press", "class: pres",
            ["21:19: equipment[0].class: no such class: pres; did you mean press?",
             "21:5: equipment[0]: calendar is missing"],
            id="a class",
        ),
        pytest.param(
            "{press-1: 0.5}", "{press-2: 0.5}",
            ["23:30: products[0].ideal_cycle_s.press-2: no such equipment; did you mean press-1?"],
            id="an equipment",
        ),
        pytest.param(
            "    calendar: weekly\n", "",
            ["20:5: equipment[0]: calendar is missing"],
            id="no calendar at all",
        ),
    ],
)  # fmt: skip
def test_a_name_that_nothing_stands_for(was, is_now, said):
    assert mistakes(was, is_now) == [f"plant.yaml:{one}" for one in said]


@pytest.mark.parametrize(
    ("was", "is_now", "said"),
    [
        pytest.param(
            "site: north\n", "site: north\nsite: south\n",
            '3:1: not readable: found duplicate key "site" with value "south" '
            '(original value: "north")',
            id="a key",
        ),
        pytest.param(
            "equipment:\n", "equipment:\n  - {id: press-1, class: press, area: a, line: b}\n",
            "22:5: equipment[1]: press-1 stands here twice",
            id="an equipment",
        ),
        pytest.param(
            "products:\n", "products:\n  - {id: P1}\n",
            "24:5: products[1]: P1 stands here twice",
            id="a product",
        ),
        pytest.param(
            "    tags:\n", "    tags:\n      - {name: speed, node: s=x}\n",
            "20:9: equipment_classes.press.tags[1]: tag speed stands here twice",
            id="a tag",
        ),
        pytest.param(
            "    tags:\n",
            "    tags:\n      - {name: old, node: s=x, means: state, running_above: 1}\n",
            "20:9: equipment_classes.press.tags[1]: a second tag means state",
            id="a meaning",
        ),
    ],
)  # fmt: skip
def test_what_stands_twice(was, is_now, said):
    assert mistakes(was, is_now) == [f"plant.yaml:{said}"]


@pytest.mark.parametrize(
    ("keys", "tags", "said"),
    [
        pytest.param(
            "cycles: events", "",
            "cycles: events needs a tag that means cycle_time; "
            "give it one, or choose cycles: states or counters",
            id="cycles from events without a cycle time",
        ),
        pytest.param(
            "cycles: counters", "",
            "cycles: counters needs a counter; "
            "give it a tag that means good_count or produced_count",
            id="cycles from counters without a counter",
        ),
        pytest.param(
            "frozen_after_s: 60", "",
            "frozen_after_s needs a counter; give it a tag that means good_count",
            id="a frozen counter without a counter",
        ),
        pytest.param(
            "cycles: counters",
            "{name: a, node: s=a, means: good_count}, {name: b, node: s=b, means: produced_count}",
            "produced_count and good_count contradict each other: both tell the good parts; "
            "keep good_count, or produced_count with scrap_count and rework_count",
            id="two counters that tell the same",
        ),
        pytest.param(
            "rules: [{when: no_batch, states: [Idel], category: delay}]",
            "{name: speed, node: s=S, means: state, states: {Idle: delay, Run: running}}",
            "a rule for no_batch names the state Idel, which the state tag does not; "
            "did you mean Idle?",
            id="a rule about a state that is none",
        ),
        pytest.param(
            "rules: [{when: no_batch, states: [Idle], category: delay}]", "",
            "a rule for no_batch names the state Idle, which the state tag does not; "
            "name it in `states` of the state tag",
            id="a rule about a state of a speed",
        ),
    ],
)  # fmt: skip
def test_what_an_equipment_cannot_do(keys, tags, said):
    was = "line: one}"
    assert mistakes(was, f"line: one, {keys}, tags: [{tags}]}}") == [
        f"plant.yaml:21:5: equipment[0]: {said}"
    ]


def test_cycles_from_states_need_a_state():
    text = PLANT.replace(", means: state, running_above: 0", "")
    text = text.replace("line: one}", "line: one, cycles: states}")

    with pytest.raises(FileError, match="cycles: states needs a tag that means state"):
        load_plant(text, "plant.yaml")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        pytest.param("means: cycle_time, unit: kg", "kg and s measure different", id="no time"),
        pytest.param("means: state, running_above: 0, most_per_s: 5", "a counter", id="no counter"),
    ],
)
def test_a_tag_whose_keys_do_not_belong_to_its_meaning(keys, said):
    (told,) = mistakes("means: state, running_above: 0", keys)

    assert said in told


def test_a_rule_may_name_every_state_that_the_state_tag_names():
    state = "states: {6: running, true: delay, Idle: delay}"
    rule = 'rules: [{when: no_batch, states: ["6", "true", Idle], category: delay}]'
    text = PLANT.replace("running_above: 0", state)

    plant = load_plant(text.replace("line: one}", f"line: one, {rule}}}"), "plant.yaml").plant
    assert plant.equipment[0].rules[0].states == ["6", "true", "Idle"]


def test_a_tag_is_read_where_its_source_can_be_read():
    none = mistakes('node: "s={id}.Speed", ', "")
    other = mistakes('node: "s={id}.Speed"', "register: {address: 7}")

    assert none == [
        "plant.yaml:21:5: equipment[0]: "
        "tag speed is read from plc (opcua) and needs a node: it has none"
    ]
    assert other == [
        "plant.yaml:21:5: equipment[0]: "
        "tag speed is read from plc (opcua) and needs a node: it has register"
    ]


def test_a_register_needs_a_unit():
    modbus = "type: modbus\n    host: 127.0.0.1"
    text = PLANT.replace('node: "s={id}.Speed"', "register: {address: 7}")
    text = text.replace("type: opcua\n    endpoint: opc.tcp://127.0.0.1:4840", modbus)
    text = text.replace("    security: {policy: None, mode: None}\n", "")

    with pytest.raises(FileError, match=r"tag speed is read from plc \(modbus\): unit_id"):
        load_plant(text, "plant.yaml")


def test_two_counters_of_the_same_kind_are_no_mistake():
    counters = (
        "    tags:\n"
        "      - {name: a, node: s=a, means: good_count}\n"
        "      - {name: b, node: s=b, means: good_count}\n"
    )

    plant = load_plant(PLANT.replace("    tags:\n", counters), "plant.yaml").plant

    assert [tag.means for tag in plant.equipment[0].tags] == ["good_count", "good_count", "state"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "1:1: the file is no list of `key: value` lines", id="empty"),
        pytest.param("- a\n- b\n", "1:1: the file is no list of `key: value` lines", id="a list"),
        pytest.param("a: [1,\nb: 2", "2:5: not readable: expected", id="an open bracket"),
        pytest.param("a:\n\tb: 1", "2:1: not readable: found character '\\t'", id="a tabulator"),
        pytest.param("a: *b", "1:4: not readable: found undefined alias", id="an unknown alias"),
        pytest.param("a: \x00", "1:1: not readable: unacceptable character #x0000", id="no text"),
        pytest.param("a: " + "[" * 500, "1:1: not readable: nested too deeply", id="deep"),
        pytest.param("a: 1\n---\nb: 1", "2:1: not readable: but found another", id="two documents"),
    ],
)
def test_a_text_that_is_no_plant_file(text, said):
    with pytest.raises(FileError) as caught:
        load_plant(text, "plant.yaml")

    (mistake,) = map(str, caught.value.mistakes)
    assert mistake.startswith(f"plant.yaml:{said}")
    assert "\n" not in mistake


def test_all_mistakes_are_told_at_once():
    text = (
        PLANT.replace("site: north", "site: North")
        .replace("time_zone: America/Mexico_City", "time_zone: Nowhere")
        .replace('"06:00"', "6 o'clock")
        .replace("class: press,", "klass: press,")
    )

    with pytest.raises(FileError) as caught:
        load_plant(text, "plant.yaml")

    told = {(one.line, one.key) for one in caught.value.mistakes}
    assert told == {
        (2, "site"),
        (4, "time_zone"),
        (13, "calendars.weekly.shifts[0].start"),
        (21, "equipment[0].klass"),
    }
    assert str(caught.value).count("\n") == len(told) - 1


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("open-sesame", id="a text"),
        pytest.param("4711", id="a number"),
        pytest.param("[open, sesame]", id="a list"),
        pytest.param("{}", id="no place"),
        pytest.param("{file: sesame, env: SESAME}", id="two places"),
    ],
)
def test_a_password_in_the_file_is_refused_and_never_told(written):
    (said,) = mistakes("    type: opcua\n", f"    type: opcua\n    password: {written}\n")

    assert said == (
        "plant.yaml:8:5: sources.plc.password: "
        "write {file: PATH} or {env: NAME}; the secret itself never here"
    )


def test_the_name_of_a_variable_is_no_password():
    was, key = "    type: opcua\n", "    password: {env: open-sesame}\n"
    (said,) = mistakes(was, was + key)

    assert "sources.plc.password.env: string should match pattern" in said
    assert "sesame" not in said


def test_a_password_in_an_address_is_refused_and_never_told():
    (said,) = mistakes("opc.tcp://127.0.0.1:4840", "opc.tcp://edge:sesame@127.0.0.1:4840")

    assert "sources.plc.endpoint: who we are belongs to user and password" in said
    assert "sesame" not in said


LAB = "    security: {policy: None, mode: None}\n"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        pytest.param("{type: lab}", "needs http, folder or both", id="neither way in"),
        pytest.param(
            "{type: lab, http: {listen: 0.0.0.0}}",
            "listen needs certificate and private_key",
            id="tokens in the open",
        ),
        pytest.param(
            "{type: lab, http: {certificate: a.pem}}",
            "certificate and private_key go together",
            id="half a certificate",
        ),
    ],
)
def test_a_laboratory_has_a_safe_way_in(source, said):
    (told,) = mistakes(LAB, f"{LAB}  lab: {source}\n")

    assert said in told


def test_a_laboratory_has_no_tags():
    text = PLANT.replace(LAB, f"{LAB}  lab: {{type: lab, folder: {{path: x}}}}\n")
    text = text.replace("{name: speed,", "{name: speed, source: lab,")

    with pytest.raises(FileError, match=r"lab \(lab\), which has no tags"):
        load_plant(text, "plant.yaml")


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        pytest.param("[{id: ph}, {id: ph}]", "ph stands here twice", id="twice"),
        pytest.param("[{id: look, kind: text, unit: mm}]", "has no unit", id="texts with a unit"),
    ],
)
def test_tests_of_a_product_that_do_not_fit(tests, said):
    told = mistakes("{press-1: 0.5}}", f"{{press-1: 0.5}}, tests: {tests}}}")

    assert said in told[0]


SPECIFIED = """\
  - {id: P1, ideal_cycle_s: {press-1: 0.5}, tests: [{id: ph, unit: pH}, {id: look, kind: text}]}
specifications:
  - {products: [P1], test: ph, from: 2026-01-01, unit: pH, limits: {lower: 5, upper: 7}}
"""
PRODUCT = "  - {id: P1, ideal_cycle_s: {press-1: 0.5}}\n"


def specified(was: str, is_now: str) -> str:
    """What is said first where the specification has this instead of that."""
    assert SPECIFIED.count(was) == 1
    return mistakes(PRODUCT, SPECIFIED.replace(was, is_now))[0]


def test_a_specification_that_fits_has_no_mistakes():
    plant = load_plant(PLANT.replace(PRODUCT, SPECIFIED), "plant.yaml").plant

    assert plant.specifications[0].limits is not None


@pytest.mark.parametrize(
    ("was", "is_now", "said"),
    [
        pytest.param(
            "[P1], test", "[P2], test",
            "specifications[0].products[0]: no such product: P2", id="product",
        ),
        pytest.param(
            "test: ph", "test: pH", "specifications[0].test: P1 has no such test: pH", id="test"
        ),
        pytest.param("unit: pH, lim", "lim", "ph of P1 is reported in pH", id="no unit"),
        pytest.param("unit: pH, lim", "unit: mV, lim", "unit: ph of P1 is reported", id="unit"),
        pytest.param("unit: pH, limits: {lower: 5, upper: 7}", "accepted: [ok]",
            "accepted: results of ph of P1 are numbers: write limits", id="texts for numbers"),
        pytest.param("lower: 5, upper: 7", "lower: 7, upper: 5", "lower has to be", id="order"),
        pytest.param(", limits: {lower: 5, upper: 7}", "", "write limits for", id="nothing"),
        pytest.param("7}}", "7}, warning: {upper: 8}}", "warning and control lie", id="too wide"),
        pytest.param("7}}", "7}, area: lab}", "area: no such compliance area: lab", id="area"),
        pytest.param(
            "7}}", "7}, sampling: {}}", "sampling: write either per_batch or every", id="sampling"
        ),
        pytest.param("7}}", "7}, detection_limit: 0}", "greater than 0", id="detection limit"),
        pytest.param("from: 2026-01-01", "from: soon", "from: write a local time", id="from"),
        pytest.param(
            "  - {products", "  - &one {products: [P1], test: ph, from: 2026-01-01, unit: pH, "
            "limits: {upper: 8}}\n  - {products",
            "specifications[1].from: a second specification of ph of P1", id="twice",
        ),
    ],
)  # fmt: skip
def test_specifications_that_do_not_fit(was, is_now, said):
    told = specified(was, is_now)

    assert said in told
    assert re.match(r"plant\.yaml:\d+:\d+: ", told)
