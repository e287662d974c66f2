"""What is wrong with rules, people, channels and routes is told with its place and a hint."""

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
  line: {type: modbus, host: 127.0.0.1}
calendars:
  weekly:
    shifts: [{name: early, days: [mon, tue], start: "06:00", end: "14:00"}]
  always:
    shifts: [{name: day, days: all, start: "00:00", end: "24:00"}]
equipment_classes:
  oven:
    source: plc
    calendar: weekly
    tags:
      - {name: state, node: "s={id}.State", means: state, states: {1: running, 9: unplanned_stop}}
      - {name: heat, node: "s={id}.Heat", unit: °C}
      - {name: setpoint, node: "s={id}.Setpoint", unit: °C}
      - {name: load, node: "s={id}.Load", unit: kg}
equipment:
  - {id: oven-1, class: oven, area: hall, line: one}
  - {id: oven-2, class: oven, area: yard, line: two}
  - {id: pump, area: yard, line: two, source: line, unit_id: 1, calendar: weekly, tags: [
      {name: open, register: {table: coil, address: 1, type: bool}},
      {name: flow, register: {address: 2}, unit: l/min}]}
products:
  - {id: P1}
people:
  - {id: ana, name: Ana, email: ana@acme.example, phone: "+522281000001"}
  - {id: ben, name: Ben, email: ben@acme.example}
schedules:
  nights:
    layers:
      - {people: [ana], since: 2026-01-05 06:00}
chains:
  mechanics:
    steps:
      - {people: [ben], schedules: [nights], endpoints: [chat], wait: 5m}
      - {people: [ana]}
channels:
  mail: {type: email, host: 127.0.0.1, sender: plant@acme.example}
  sms: {type: twilio_sms, account: AC00000000000000000000000000000001, token: {env: T}, sender: MG1}
  chat: {type: slack, url: {env: CHAT}}
  hook: {type: webhook, url: "http://127.0.0.1:9", payload: "{{ summary }}"}
alert_rules:
  - alert: TooHot
    when: {tag: heat, above: 80}
    on: {classes: [oven]}
    severity: critical
    labels: {team: heating}
    summary: "{{ labels.equipment }} at {{ value }}"
  - alert: TooCold
    when: {tag: heat, below: 10}
    severity: warning
    summary: cold
alerts:
  matrix: {warning: [mail], critical: [mail, sms]}
  receivers:
    all: {chain: mechanics}
  route:
    receiver: all
    routes:
      - {matchers: [team=heating], group_by: [alertname, team]}
      - {matchers: [severity=critical]}
  inhibitions:
    - {source: [alertname=TooHot], target: [alertname=TooCold], equal: [equipment]}
  mute_timings:
    closed: {calendar: weekly, when: [not_scheduled]}
"""
WHEN = "{tag: heat, above: 80}"
MATRIX = "{warning: [mail], critical: [mail, sms]}"
LAYER = "      - {people: [ana], since: 2026-01-05 06:00}\n"


def mistakes(was: str, is_now: str) -> list[str]:
    """What is said about the small plant in which this stands instead of that."""
    assert PLANT.count(was) == 1, was
    return told(PLANT.replace(was, is_now))


def told(text: str) -> list[str]:
    """Keys, messages and hints of all mistakes in this plant file."""
    try:
        load_plant(text, "plant.yaml")
    except FileError as error:
        return [str(one)[len("plant.yaml:") :].split(": ", 1)[1] for one in error.mistakes]
    return []


def when(text: str) -> tuple[str, str]:
    return WHEN, text


def timing(text: str) -> tuple[str, str]:
    return "closed: {calendar: weekly, when: [not_scheduled]}", f"closed: {{{text}}}"


def test_the_small_plant_has_none():
    assert mistakes("name: Ana", "name: Ana") == []


@pytest.mark.parametrize(
    "condition",
    [
        "{rate_of: heat, per: 1m, above: 5}",
        "{deviation_of: heat, target: setpoint, by: 5}",
        "{deviation_of: heat, target: 80, by: 5}",
        "{tag: heat, equals: 80}",
        "{absent: heat, after: 1m}",
        "{absent: equipment, after: 1m}",
        "{state: [unplanned_stop], longer_than: 1h}",
        '{state: ["9"]}',
        "{alarm: 500}",
        "{andon: [critical]}",
        "{anomaly_of: heat, above: 3}",
        "{not: {tag: heat, above: 80}}",
        "{all: [{tag: heat, above: 80}, {any: [{tag: load, above: 2}, {andon: [high]}]}]}",
    ],
)
def test_conditions_that_an_oven_can_meet(condition: str):
    assert mistakes(*when(condition)) == []


@pytest.mark.parametrize(
    ("was", "is_now", "said"),
    [
        pytest.param(
            *when("{tag: heet, above: 80}"),
            "alert_rules[0].when.tag: no selected equipment has the tag heet; did you mean heat?",
            id="a tag that nothing has",
        ),
        pytest.param(
            *when("{tag: flow, above: 80}"),
            "alert_rules[0].when.tag: no selected equipment has the tag flow",
            id="a tag of other equipment",
        ),
        pytest.param(
            *when("{all: [{tag: heat, above: 80}, {not: {tag: lod, above: 1}}]}"),
            "alert_rules[0].when.all[1].not.tag: no selected equipment has the tag lod; "
            "did you mean load?",
            id="a tag deep in a condition",
        ),
        pytest.param(
            *when("{tag: state, above: 80}"),
            "alert_rules[0].when.tag: tag state means state: it makes events and has no samples; "
            "look at a tag without a meaning, or write state, count_of or figure",
            id="a tag whose values are events",
        ),
        pytest.param(
            f"{WHEN}\n    on: {{classes: [oven]}}", "{tag: open, above: 1}",
            "alert_rules[0].when.tag: tag open is a bool and has no number; write tag and equals",
            id="a limit for what is no number",
        ),
        pytest.param(
            f"{WHEN}\n    on: {{classes: [oven]}}",
            "{all: [{tag: heat, above: 8}, {tag: flow, above: 1}]}",
            "alert_rules[0].when: no selected equipment has all of the tags flow, heat; "
            "a rule looks at one equipment at a time",
            id="tags of two machines",
        ),
        pytest.param(
            *when("{deviation_of: heat, target: setpiont, by: 5}"),
            "alert_rules[0].when.target: no selected equipment has the tag setpiont; "
            "did you mean setpoint?",
            id="a target that is not there",
        ),
        pytest.param(
            *when("{deviation_of: heat, target: load, by: 5}"),
            "alert_rules[0].when.target: load is in kg, heat in °C (on oven-1); "
            "both need the same unit; convert one with source_unit",
            id="a target in another unit",
        ),
        pytest.param(
            *when("{state: [unplaned_stop]}"),
            "alert_rules[0].when.state: no such state: unplaned_stop; did you mean unplanned_stop?",
            id="a state that nobody knows",
        ),
        pytest.param(
            f"{WHEN}\n    on: {{classes: [oven]}}", "{state: [running]}\n    on: {ids: [pump]}",
            "alert_rules[0].when.state: no selected equipment tells its state; "
            "give it a tag that means state",
            id="the state of a machine that tells none",
        ),
        pytest.param(
            f"{WHEN}\n    on: {{classes: [oven]}}", "{alarm: 500}\n    on: {ids: [pump]}",
            "alert_rules[0].when.alarm: no selected equipment is read from OPC UA, "
            "so none reports alarms; write a condition on a tag",
            id="alarms of a machine that reports none",
        ),
        pytest.param(
            f"{WHEN}\n    on: {{classes: [oven]}}", "{figure: oee, below: 75}",
            "alert_rules[0].when.below: is a ratio, not per cent; write 0.75 for 75 %",
            id="a ratio in per cent",
        ),
        pytest.param(
            f"{WHEN}\n    on: {{classes: [oven]}}",
            "{count_of: stop, more_than: 2, within: 5m, equipment: [oven-3]}",
            "alert_rules[0].when.equipment[0]: no such equipment: oven-3; did you mean oven-2?",
            id="a count of equipment that is not there",
        ),
        pytest.param(
            *when("{figure: oee, below: 0.75}"),
            "alert_rules[0].on: the rule is about the whole site, and selects no equipment; "
            "leave `on` out",
            id="a selection for what is of the whole site",
        ),
        pytest.param(
            "{classes: [oven]}", "{classes: [ofen]}",
            "alert_rules[0].on.classes[0]: no such class: ofen; did you mean oven?",
            id="an unknown class",
        ),
        pytest.param(
            "{classes: [oven]}", "{ids: [oven3]}",
            "alert_rules[0].on.ids[0]: no such equipment: oven3; did you mean oven-2?",
            id="unknown equipment",
        ),
        pytest.param(
            "{classes: [oven]}", "{lines: [tow]}",
            "alert_rules[0].on.lines[0]: no such line: tow; did you mean two?",
            id="an unknown line",
        ),
        pytest.param(
            "{classes: [oven]}", "{areas: [yart]}",
            "alert_rules[0].on.areas[0]: no such area: yart; did you mean yard?",
            id="an unknown area",
        ),
        pytest.param(
            "{classes: [oven]}", "{classes: [oven], ids: [pump]}",
            "alert_rules[0].on: selects no equipment: nothing fits all that is named; "
            "name fewer of ids, classes, lines and areas",
            id="a selection of nothing",
        ),
        pytest.param(
            "  - alert: TooCold\n", "  - alert: TooHot\n    labels: {team: heating}\n",
            "alert_rules[1].alert: a second rule TooHot with the same labels on oven-1, oven-2; "
            "give it another name or label; one rule may rise in severity by its ladder",
            id="two rules whose alerts nobody could tell apart",
        ),
        pytest.param(
            "at {{ value }}", "at {{ valeu }}",
            "alert_rules[0].summary: no such field: valeu; did you mean value?",
            id="a template with an unknown field",
        ),
        pytest.param(
            "{{ labels.equipment }} at", "{{ labels.severity }} at",
            "alert_rules[0].summary: the alert has no label severity; write severity",
            id="a template with an unknown label",
        ),
        pytest.param(
            "at {{ value }}", "at {{ value",
            "alert_rules[0].summary: not readable as a template: unexpected end of template, "
            "expected 'end of print statement'.; write fields as {{ value }}",
            id="a template with a syntax error",
        ),
        pytest.param(
            "at {{ value }}", "at {{ value | rounded }}",
            "alert_rules[0].summary: not readable as a template: No filter named 'rounded'.; "
            "write fields as {{ value }}",
            id="a template with an unknown filter",
        ),
        pytest.param(
            "summary: cold", "summary: {}",
            "alert_rules[1].summary: says nothing: write it in en or es",
            id="a rule that says nothing",
        ),
    ],
)  # fmt: skip
def test_a_mistake_in_a_rule(was: str, is_now: str, said: str):
    assert mistakes(was, is_now) == [said]


@pytest.mark.parametrize(
    ("was", "is_now", "said"),
    [
        pytest.param(
            "people:\n", "people:\n  - {id: ana, name: Another Ana}\n",
            "people[1].id: ana stands here twice",
            id="somebody twice",
        ),
        pytest.param(
            "people:\n", "people:\n  - {id: chat, name: Charlotte}\n",
            "people[0].id: a channel is called chat, too; "
            "records of who was told could mean either",
            id="somebody who is called like a channel",
        ),
        pytest.param(
            "+522281000001", "+5222810",
            "people[0].phone: +5222810 is too short or too long for its country; write it with +, "
            "country and area code, without spaces, such as +522281234567",
            id="a number that is too short",
        ),
        pytest.param(
            "+522281000001", "+520001000001",
            "people[0].phone: no telephone has the number +520001000001; write it with +, "
            "country and area code, without spaces, such as +522281234567",
            id="a number of no country's plan",
        ),
        pytest.param(
            "ben@acme.example", "ben@acme..example",
            "people[1].email: ben@acme..example is no e-mail address; "
            "write it as name@example.com",
            id="an address that no mail server takes",
        ),
        pytest.param(
            LAYER, LAYER.replace("ana", "anna"),
            "schedules.nights.layers[0].people[0]: no such person: anna; did you mean ana?",
            id="somebody unknown in a schedule",
        ),
        pytest.param(
            LAYER,
            f"{LAYER}    overrides:\n"
            "      - {person: bem, start: 2026-12-24 08:00, end: 2026-12-25 08:00}\n",
            "schedules.nights.overrides[0].person: no such person: bem; did you mean ben?",
            id="somebody unknown takes over",
        ),
        pytest.param(
            LAYER, LAYER.replace("}", ', windows: [{days: all, start: "22:00", end: "06:00"}]}'),
            "schedules.nights.layers: nobody is on call from Mon 2026-01-05 06:00 to Mon 22:00, "
            "from Tue 2026-01-06 06:00 to Tue 22:00, from Wed 2026-01-07 06:00 to Wed 22:00 …; "
            "add a layer without windows, or write may_have_holes: true",
            id="a rotation with holes",
        ),
        pytest.param(
            "{people: [ben], schedules", "{people: [bem], schedules",
            "chains.mechanics.steps[0].people[0]: no such person: bem; did you mean ben?",
            id="somebody unknown in a chain",
        ),
        pytest.param(
            "schedules: [nights]", "schedules: [night]",
            "chains.mechanics.steps[0].schedules[0]: no such schedule: night; did you mean nights?",
            id="an unknown schedule",
        ),
        pytest.param(
            "endpoints: [chat]", "endpoints: [chatt]",
            "chains.mechanics.steps[0].endpoints[0]: no such channel: chatt; did you mean chat?",
            id="an unknown endpoint",
        ),
        pytest.param(
            "endpoints: [chat]", "endpoints: [mail]",
            "chains.mechanics.steps[0].endpoints[0]: mail (email) reaches a person, at an address "
            "of theirs; name people in the step, and the channel in the matrix or the receiver",
            id="a personal channel as an endpoint",
        ),
        pytest.param(
            "endpoints: [chat], wait: 5m}\n      - {people: [ana]}\n",
            "endpoints: [chat], wait: 0}\n    repeat: 3\n",
            "chains.mechanics.repeat: is repeated without any wait: everybody is told again at "
            "once; give the last step a wait",
            id="a repetition without a wait",
        ),
    ],
)  # fmt: skip
def test_a_mistake_in_people_and_chains(was: str, is_now: str, said: str):
    assert mistakes(was, is_now) == [said]


@pytest.mark.timeout(30)
@pytest.mark.parametrize("turn", ["0", "1ms", "1m", "30m", "90m", "1h30m", "5h", "24h1m", "36h"])
def test_a_turn_is_whole_days_or_a_part_of_a_day_in_whole_hours(turn: str):
    layer = LAYER.replace("[ana]", f"[ana, ben], turn: {turn}")
    assert mistakes(LAYER, layer) == [
        "schedules.nights.layers[0]: turn is whole days, or a part of a day in whole hours such as "
        "8h or 12h"
    ]


@pytest.mark.parametrize("turn", ["1h", "8h", "12h", "720m", "24h", "2d", "1w"])
def test_a_turn_that_can_be(turn: str):
    assert mistakes(LAYER, LAYER.replace("[ana]", f"[ana, ben], turn: {turn}")) == []


@pytest.mark.parametrize(
    "span", ["9999999999w", "3661d", "1w9999999999d", f"{'9' * 5000}s", "9999999999w" * 40]
)
def test_a_span_that_is_too_long_is_a_mistake_at_its_place(span: str):
    with pytest.raises(FileError) as caught:
        load_plant(PLANT.replace("wait: 5m", f"wait: {span}"), "plant.yaml")

    assert [str(one) for one in caught.value.mistakes] == [
        "plant.yaml:43:65: chains.mechanics.steps[0].wait: the span is longer than ten years"
    ]


def test_a_schedule_may_be_meant_to_have_holes():
    night = LAYER.replace("}", ', windows: [{days: all, start: "22:00", end: "06:00"}]}')
    assert mistakes(LAYER, f"{night}    may_have_holes: true\n") == []
    assert mistakes(LAYER, f"{night}{LAYER}") == []


@pytest.mark.parametrize(
    ("was", "is_now", "said"),
    [
        pytest.param(
            "chat: {type: slack, ", "chat: {type: slack, fallback: [hok], ",
            "channels.chat.fallback[0]: no such channel: hok; did you mean hook?",
            id="an unknown fallback",
        ),
        pytest.param(
            "chat: {type: slack, ", "chat: {type: slack, fallback: [mail], ",
            "channels.chat.fallback[0]: mail (email) reaches a person, and chat is nobody's own; "
            "name another endpoint; people are told by a step of the chain",
            id="a fallback to a person's channel where there is no person",
        ),
        pytest.param(
            "hook: {type: webhook, ", "hook: {type: webhook, fallback: [hook], ",
            "channels.hook.fallback: leads back to hook: hook -> hook; leave the last one out",
            id="a fallback to itself",
        ),
        pytest.param(
            'payload: "{{ summary }}"', 'payload: "{{ sumary }}"',
            "channels.hook.payload: no such field: sumary; did you mean summary?",
            id="a payload with an unknown field",
        ),
        pytest.param(
            'payload: "{{ summary }}"', 'payload: "{{ summary"',
            "channels.hook.payload: not readable as a template: unexpected end of template, "
            "expected 'end of print statement'.; write fields as {{ value }}",
            id="a payload that does not end",
        ),
        pytest.param(
            'payload: "{{ summary }}"', 'payload: "{% nothing %}"',
            "channels.hook.payload: not readable as a template: Encountered unknown tag "
            "'nothing'.; write fields as {{ value }}",
            id="a payload with a tag that is none",
        ),
        pytest.param(
            "sender: MG1", 'sender: "12"',
            "channels.sms.sender: 12 is no telephone number; write it with +, country and area "
            "code, without spaces, such as +522281234567, or the id of a messaging service, MG…",
            id="a sender that is no number",
        ),
        pytest.param(
            "sender: plant@acme.example", "sender: plant@acme.example, user: me",
            "channels.mail.user: user and password belong together; write both, or none",
            id="a user without a password",
        ),
        pytest.param(
            "sender: plant@acme.example", "sender: plant@acme.example, timeout: 0",
            "channels.mail.timeout: is 0: nothing could ever be sent",
            id="no time at all",
        ),
        pytest.param(
            "host: 127.0.0.1, sender: plant@acme.example",
            "host: mail.example, security: none, user: me, password: {env: P}, "
            "sender: plant@acme.example",
            "channels.mail.security: the password would travel in clear; write starttls or tls",
            id="a password in clear",
        ),
        pytest.param(
            "type: twilio_sms", "type: twilio_whatsapp",
            "channels.sms.templates: WhatsApp takes the first message of a conversation only as an "
            "approved template; write templates: {en: HX…, es: HX…}",
            id="WhatsApp without a template",
        ),
        pytest.param(
            "  chat: {type", '  wa: {type: whatsapp, phone_number_id: "1", token: {env: W}, '
            "templates: {en: {name: a, language: en, parameters: [sumary]}}}\n  chat: {type",
            "channels.wa.templates.en.parameters[0]: no such field: sumary; did you mean summary?",
            id="a parameter that is no field",
        ),
        pytest.param(
            "  chat: {type", "  aws: {type: sns, region: us-east-1, access_key_id: {env: A}}\n"
            "  chat: {type",
            "channels.aws.access_key_id: access_key_id and secret_access_key belong together; "
            "leave both out where the machine has a role",
            id="half of a key",
        ),
    ],
)  # fmt: skip
def test_a_mistake_in_a_channel(was: str, is_now: str, said: str):
    assert mistakes(was, is_now) == [said]


def test_channels_that_fall_back_in_a_circle_are_told_once():
    was = "  hook: {type: webhook, "
    circle = "  a: {type: slack, url: {env: A}, fallback: [b]}\n"
    circle += "  b: {type: slack, url: {env: A}, fallback: [hook]}\n"
    assert mistakes(was, f"{circle}  hook: {{type: webhook, fallback: [a], ") == [
        "channels.a.fallback: leads back to a: a -> b -> hook -> a; leave the last one out"
    ]


@pytest.mark.parametrize(
    ("was", "is_now", "said"),
    [
        pytest.param(
            "    receiver: all\n", "    receiver: al\n",
            "alerts.route.receiver: no such receiver: al; did you mean all?",
            id="a route to nobody",
        ),
        pytest.param(
            "- {matchers: [severity=critical]}", "- {matchers: [severity=critical], mute: [closd]}",
            "alerts.route.routes[1].mute[0]: no such mute timing: closd; did you mean closed?",
            id="an unknown mute timing",
        ),
        pytest.param(
            "[alertname, team]", "[alertname, teem]",
            "alerts.route.routes[0].group_by[1]: no rule has the label teem; did you mean team?",
            id="a label that no rule has",
        ),
        pytest.param(
            "[team=heating]", "[taem=heating]",
            "alerts.route.routes[0].matchers[0]: no rule has the label taem; did you mean team?",
            id="a condition on a label that no rule has",
        ),
        pytest.param(
            "[severity=critical]}", "[severity=critcal]}",
            "alerts.route.routes[1].matchers[0]: no alert has the severity critcal; "
            "did you mean critical?",
            id="a severity that there is not",
        ),
        pytest.param(
            "{matchers: [team=heating], group_by", "{group_by",
            "alerts.route.routes[1]: is never reached: routes[0] takes every alert; "
            "give routes[0] matchers, or `continue: true`",
            id="a route behind one that takes all",
        ),
        pytest.param(
            "target: [alertname=TooCold]", 'target: [alertname="TooHot"]',
            "alerts.inhibitions[0].target: the target equals the source: such alerts would keep "
            "each other quiet; describe the alerts that follow",
            id="an inhibition of itself",
        ),
        pytest.param(
            "equal: [equipment]", "equal: [equipmnt]",
            "alerts.inhibitions[0].equal[0]: no rule has the label equipmnt; "
            "did you mean equipment?",
            id="an inhibition by a label that no rule has",
        ),
        pytest.param(
            *timing("calendar: weakly, when: [break]"),
            "alerts.mute_timings.closed.calendar: no such calendar: weakly; did you mean weekly?",
            id="an unknown calendar",
        ),
        pytest.param(
            *timing("calendar: weekly, when: [break]"),
            "alerts.mute_timings.closed.when[0]: never occurs: the calendar weekly has no break; "
            "leave it out",
            id="breaks of a calendar without any",
        ),
        pytest.param(
            *timing("calendar: weekly, when: [maintenance]"),
            "alerts.mute_timings.closed.when[0]: never occurs: the calendar weekly has no "
            "maintenance; leave it out",
            id="maintenance of a calendar without any",
        ),
        pytest.param(
            *timing("calendar: always, when: [not_scheduled]"),
            "alerts.mute_timings.closed.when[0]: never occurs: the calendar always has no "
            "not scheduled; leave it out",
            id="time off in a calendar without any",
        ),
        pytest.param(
            *timing("when: [break]"),
            "alerts.mute_timings.closed.when: nobody knows of which calendar; "
            "write calendar: and the name of one",
            id="breaks of no calendar",
        ),
        pytest.param(
            *timing("calendar: weekly"),
            "alerts.mute_timings.closed.calendar: says nothing of it: when is missing; "
            "write when: [maintenance], or break, holiday, no_shift, not_scheduled",
            id="a calendar of which nothing is said",
        ),
        pytest.param(
            *timing(""),
            "alerts.mute_timings.closed: never occurs; "
            "give it a calendar with when, maintenance: true, or windows",
            id="a mute timing that is empty",
        ),
        pytest.param(
            *timing('windows: [{days: [], start: "06:00", end: "07:00"}]'),
            "alerts.mute_timings.closed.windows[0]: is on no day",
            id="a window on no day",
        ),
    ],
)  # fmt: skip
def test_a_mistake_in_routes(was: str, is_now: str, said: str):
    assert mistakes(was, is_now) == [said]


def test_labels_of_other_senders_are_none_of_ours():
    assert mistakes("[alertname, team]", "[instance, job, all]") == []


@pytest.mark.parametrize(
    ("was", "is_now", "said"),
    [
        pytest.param(
            "{chain: mechanics}", "{chain: mecanics}",
            "alerts.receivers.all.chain: no such chain: mecanics; did you mean mechanics?",
            id="an unknown chain",
        ),
        pytest.param(
            MATRIX, "{warning: [male], critical: [mail, sms]}",
            "alerts.matrix.warning[0]: no such channel: male; did you mean mail?",
            id="an unknown channel",
        ),
        pytest.param(
            MATRIX, "{warning: [chat], critical: [mail, sms]}",
            "alerts.matrix.warning[0]: chat (slack) is nobody's own: people are not told there; "
            "name it under endpoints of a step of the chain",
            id="an endpoint for people",
        ),
    ],
)  # fmt: skip
def test_a_mistake_in_receivers(was: str, is_now: str, said: str):
    assert mistakes(was, is_now) == [said]


def test_one_address_for_one_of_the_channels_is_enough():
    assert mistakes("      - {people: [ana]}\n", "      - {people: [ben]}\n") == []


@pytest.mark.parametrize(
    ("matrix", "steps", "said"),
    [
        pytest.param(
            "{critical: [sms]}", "[{people: [ben]}]",
            ["reaches nobody: no address of ben for sms; "
             "give people addresses, or name channels for which they have some"],
            id="nobody at any severity",
        ),
        pytest.param(
            "{warning: [mail], critical: [sms]}", "[{people: [ana]}, {people: [ben]}]",
            ["at critical, steps[1] of mechanics reaches nobody: no address of ben for sms; "
             "give them an address, or the receiver other channels"],
            id="an escalation that ends nowhere",
        ),
        pytest.param(
            "{warning: [mail]}", "[{people: [ana]}]",
            ["at critical, steps[0] of mechanics reaches nobody: no channels are named for it; "
             "give them an address, or the receiver other channels"],
            id="nobody when it matters most",
        ),
        pytest.param(
            "{critical: [sms]}", "[{people: [ben], schedules: [nights]}]", [],
            id="somebody who is on call",
        ),
        pytest.param("{}", "[{endpoints: [chat]}]", [], id="an endpoint needs no address"),
    ],
)  # fmt: skip
def test_whether_a_chain_reaches_anybody(matrix: str, steps: str, said: list[str]):
    begin = PLANT.index("  mechanics:\n")
    end = PLANT.index("channels:\n")
    chain = f"  mechanics: {{steps: {steps}}}\n"
    text = (PLANT[:begin] + chain + PLANT[end:]).replace(MATRIX, matrix)
    assert told(text) == [f"alerts.receivers.all.chain: {one}" for one in said]


def test_later_steps_count_only_where_they_are_taken():
    steps = "{critical: [sms]}\n  receivers:\n    all: {chain: mechanics, escalates: false}"
    was = f"{MATRIX}\n  receivers:\n    all: {{chain: mechanics}}"
    assert mistakes(was, steps) == []


def test_all_mistakes_are_told_at_once_each_with_its_place():
    wrong = PLANT.replace(WHEN, "{tag: heet, above: 80}").replace("receiver: all", "receiver: al")
    wrong = wrong.replace("+522281000001", "+5222810").replace("[nights]", "[night]")
    with pytest.raises(FileError) as caught:
        load_plant(wrong, "plant.yaml")

    places = [(one.line, one.column, one.key) for one in caught.value.mistakes]
    assert places == [
        (52, 12, "alert_rules[0].when.tag"),
        (34, 51, "people[0].phone"),
        (43, 37, "chains.mechanics.steps[0].schedules[0]"),
        (66, 5, "alerts.route.receiver"),
    ]


ROOM = """\
enterprise: acme
site: north
name: A plant with a room
time_zone: UTC
sources:
  plc: {type: opcua, endpoint: "opc.tcp://127.0.0.1:4840", security: {policy: None, mode: None}}
calendars:
  always: {shifts: [{name: day, days: all, start: "00:00", end: "24:00"}]}
equipment:
  - {id: room, area: hall, line: one, calendar: always, source: plc, tags: [
      {name: warmth, node: "s=W", unit: °C}]}
  - {id: mixer, area: hall, line: one, calendar: always, source: plc, tags: [
      {name: batch, node: "s=B", means: batch}, {name: warmth, node: "s=M", unit: °C}]}
products: [{id: P1}]
quality: {areas: {environment: {}}}
alert_rules:
  - alert: TooWarm
    when: {tag: warmth, above: 25}
    on: {ids: [room]}
    for: 10m
    severity: warning
    summary: warm
    deviation: {severity: major, area: environment, batches_of: line}
"""
_DEVIATION = "alert_rules[0].deviation"


@pytest.mark.parametrize(
    ("was", "is_now", "expected"),
    [
        pytest.param("A plant", "A plant", [], id="nothing"),
        pytest.param(
            "products: [{id: P1}]",
            "products: []",
            [
                f"{_DEVIATION}: the plant file has no products: no batch could have it;"
                " list them in products"
            ],
            id="no products",
        ),
        pytest.param(
            "area: environment,",
            "area: enviroment,",
            [f"{_DEVIATION}.area: no such compliance area: enviroment; did you mean environment?"],
            id="an area that is none",
        ),
        pytest.param(
            ", batches_of: line",
            "",
            [
                f"{_DEVIATION}.batches_of: room has no tag that means batch;"
                " of a room that makes none, write line or area"
            ],
            id="a room that makes no batches",
        ),
        pytest.param("ids: [room]", "ids: [mixer]", [], id="an equipment with batches"),
        pytest.param(
            "{tag: warmth, above: 25}",
            "{rate_of: warmth, per: 1m, above: 25}",
            [
                "alert_rules[0]: deviation tells a tag, its worst value and the limit: it needs a"
                " condition of one tag with above or below"
            ],
            id="a condition without a worst value",
        ),
        pytest.param(
            "severity: major, area",
            "severity: serious, area",
            [f"{_DEVIATION}.severity: input should be 'minor', 'major' or 'critical'"],
            id="a severity that is none",
        ),
    ],
)
def test_what_is_wrong_with_deviations_that_rules_open(was: str, is_now: str, expected: list[str]):
    assert ROOM.count(was) == 1

    assert told(ROOM.replace(was, is_now)) == expected
