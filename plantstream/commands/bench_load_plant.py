"""The plant of the benchmarks under load: machines whose tags count, five times a second."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from plantstream.commands.bench_page_plant import ALERTING
from plantstream.commands.bench_tags import node
from plantstream.simulator.playback import PlaybackServer

if TYPE_CHECKING:
    from schemas.plant.load import PlantFile

PERIOD = timedelta(milliseconds=200)
PERIOD_MS = 200
HOT, STATE, GOOD = "temperature", "state", "good"
COUNTING = tuple(f"t{number:02}" for number in range(1, 20))
"""Tags whose value is the number of the tick."""
TAGS = (HOT, *COUNTING)
"""Twenty that change with each tick; the state never does, and a part is made now and then."""
PART_TICKS = 25
"""A machine makes a part in this many ticks."""
LIMIT = 80.0
PATH = "bench/hall/a/l/{}"
ALERT = "Hot"

_PLANT = """
enterprise: bench
site: hall
name: Benchmark
time_zone: UTC
sources:
  server:
    type: opcua
    endpoint: {endpoint}
    sampling_ms: {period_ms}
    publishing_ms: {period_ms}
    security: {{policy: None, mode: None}}
calendars:
  always: {{shifts: [{{name: day, days: all, start: "00:00", end: "24:00"}}]}}
equipment_classes:
  machine:
    calendar: always
    tags:
      - {{name: {state}, node: "{state_node}", means: state, running_above: 0, otherwise: unplanned_stop}}
      - {{name: {good}, node: "{good_node}", means: good_count}}
{tags}
equipment:
{equipment}
"""  # noqa: E501 - as it stands in a file
_RULE = """
alert_rules:
  - alert: {alert}
    when: {{tag: {tag}, above: {limit}}}
    severity: critical
    flapping: 0
    summary: "{{{{ equipment }}}} at {{{{ value }}}}"
"""


@dataclass(frozen=True, slots=True)
class Load:
    """So many machines; at each tick the next one gets hot, and another one is cool again."""

    machines: int

    @property
    def samples_per_s(self) -> int:
        """Of the tags that change with each tick."""
        return round(self.machines * len(TAGS) / PERIOD.total_seconds())

    def names(self) -> list[str]:
        """The machines."""
        return [f"m{number:03}" for number in range(self.machines)]

    def nodes(self) -> list[str]:
        """The names of all nodes."""
        return [node(one, tag) for one in self.names() for tag in (STATE, GOOD, *TAGS)]

    def gets_hot(self, machine: int, tick: int) -> bool:
        """Whether its temperature crosses the limit with this tick."""
        return (tick - machine) % self.machines == 0

    def temperature(self, machine: int, tick: int) -> float:
        """Hot for half of the time, and never the same twice in a row."""
        is_hot = (tick - machine) % self.machines < self.machines // 2
        return (90.0 if is_hot else 20.0) + tick % 2 / 2

    def makes_part(self, machine: int, tick: int) -> bool:
        """Whether its counter rises with this tick."""
        return (tick + machine) % PART_TICKS == 0

    def changes(self, machine: int, tick: int) -> Iterator[tuple[str, float]]:
        """What of its state and counter is new with this tick; the first is tick 1."""
        if tick == 1:
            yield STATE, 1
            yield GOOD, 0
        elif self.makes_part(machine, tick):
            yield GOOD, (tick + machine) // PART_TICKS

    def plant(self, endpoint: str, provider: str) -> "PlantFile":
        """The plant file: machines at this server, messages to this provider."""
        from schemas.plant.load import load_plant

        def address(tag: str) -> str:
            return PlaybackServer.address(node("{id}", tag))

        machines = _PLANT.format(
            endpoint=endpoint,
            period_ms=PERIOD_MS,
            state=STATE,
            state_node=address(STATE),
            good=GOOD,
            good_node=address(GOOD),
            tags="\n".join(f'      - {{name: {tag}, node: "{address(tag)}"}}' for tag in TAGS),
            equipment="\n".join(
                f"  - {{id: {one}, area: a, line: l, class: machine, source: server}}"
                for one in self.names()
            ),
        )
        alerting = ALERTING.format(
            provider=provider, group_by="alertname, equipment", interval="1s"
        )
        rule = _RULE.format(alert=ALERT, tag=HOT, limit=LIMIT)
        return load_plant(f"{machines}{alerting}{rule}", "bench.yaml")
