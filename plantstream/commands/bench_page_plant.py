"""What the benchmarks of pages read: boilers that get hot, beside a thousand other tags."""

from typing import TYPE_CHECKING

from plantstream.commands.bench_tags import node, plant_text
from plantstream.simulator.playback import PlaybackServer

if TYPE_CHECKING:
    from schemas.plant.load import PlantFile

BOILERS = tuple(f"boiler-{number}" for number in range(100))
HOT, STEADY = "temperature", "pressure"
SITE = "bench/hall"

_ALARMS = """
  alarms:
    type: opcua
    endpoint: {endpoint}
    sampling_ms: 50
    publishing_ms: 50
    security: {{policy: None, mode: None}}
calendars:
"""
_CLASS = """
  boiler:
    calendar: always
    tags:
      - {{name: temperature, node: "{hot}", unit: °C}}
      - {{name: pressure, node: "{steady}", unit: bar}}
equipment:
"""
ALERTING = """
chains: {{first: {{steps: [{{endpoints: [hook]}}]}}}}
channels: {{hook: {{type: webhook, url: "{provider}/hook", most_per_s: 1000}}}}
alerts:
  matrix: {{info: [], warning: [], critical: []}}
  receivers: {{all: {{chain: first, cooldown: 0}}}}
  route: {{receiver: all, group_by: [{group_by}], group_wait: 0, group_interval: {interval}}}
  flood: {{more_than: 100000}}
  cooldown: 0
"""
_RULES = """
alert_rules:
  - alert: Hot
    when: {tag: temperature, above: 80}
    severity: critical
    flapping: 0
    summary: "{{ equipment }} at {{ value }} {{ unit }}"
  - alert: Steady
    when: {tag: pressure, above: 5}
    for: 30s
    severity: warning
    summary: "{{ equipment }} at {{ value }} {{ unit }}"
"""


def nodes() -> list[str]:
    """The names of the boilers' nodes."""
    return [node(boiler, tag) for boiler in BOILERS for tag in (HOT, STEADY)]


def page_plant(
    traffic: str,
    alarms: str,
    provider: str,
    group_by: str = "alertname, equipment",
    interval: str = "1s",
) -> "PlantFile":
    """The plant file: tags at one server, boilers at the other, messages to the provider."""
    from schemas.plant.load import load_plant

    hot, steady = (PlaybackServer.address(node("{id}", tag)) for tag in (HOT, STEADY))
    text = plant_text(traffic).rstrip()
    text = text.replace("calendars:\n", _ALARMS.format(endpoint=alarms).lstrip("\n"), 1)
    text = text.replace("equipment:\n", _CLASS.format(hot=hot, steady=steady).lstrip("\n"), 1)
    boilers = "\n".join(
        f"  - {{id: {one}, area: b, line: l, class: boiler, source: alarms}}" for one in BOILERS
    )
    alerting = ALERTING.format(provider=provider, group_by=group_by, interval=interval)
    return load_plant(f"{text}\n{boilers}\n{alerting}{_RULES}", "bench.yaml")
