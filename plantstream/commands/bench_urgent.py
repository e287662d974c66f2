"""What it costs the edge to look for values that cross a limit of an alert rule."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING

from plantstream.commands.bench_figure import Figure, Needs
from plantstream.commands.bench_tags import CHUNK_SAMPLES, TAGS, plant_text, samples
from plantstream.commands.console import messages
from plantstream.runtime import clock

if TYPE_CHECKING:
    from ingest.input import Sample
    from schemas.plant.load import PlantFile

NEEDS = Needs.NOTHING
SAMPLES = 50_000
ROUNDS = 5
WATCHED = TAGS[::10]
"""One tag in ten of every machine has a rule; no value crosses its limit."""
_RULE = "  - {{alert: {0}, when: {{tag: {0}, above: 1000000}}, severity: info, summary: high}}"


async def measure(data_dir: Path) -> list[Figure]:
    """The same chunks under plant files without and with rules, by turns; the best rounds count."""
    del data_dir
    chunks = list(samples(clock.now(), SAMPLES))
    plants = {number: ruled(number) for number in (0, len(WATCHED), len(TAGS))}
    used: dict[int, list[float]] = {number: [] for number in plants}
    held: dict[int, list[float]] = {number: [] for number in plants}
    for _ in range(ROUNDS):
        for number, plant in plants.items():
            held[number].append(await _per_sample(plant, chunks, lambda *_: None))
            used[number].append(await _per_sample(plant, chunks, _mapped(plant)))
            await asyncio.sleep(0)
    waiting, whole = ({n: min(found) for n, found in one.items()} for one in (held, used))
    costs = (
        f"{waiting[number]:.2f} / {whole[number]:.2f} with rules on {number} of {len(TAGS)} tags"
        for number in plants
    )
    messages.print(f"µs a sample, only held / mapped as well: {'; '.join(costs)}")
    return [Figure("urgent_ratio", whole[0] / whole[len(WATCHED)], 1.0)]


def ruled(tags: int) -> "PlantFile":
    """The plant with a rule on so many tags of each machine."""
    from schemas.plant.load import load_plant

    step = len(TAGS) // tags if tags else 1
    rules = [_RULE.format(name) for name in TAGS[::step][:tags]]
    text = "\n".join((plant_text(), "alert_rules:", *rules)) if rules else plant_text()
    return load_plant(text, "bench.yaml")


async def _per_sample(
    plant: "PlantFile",
    chunks: "Sequence[tuple[Sample, ...]]",
    work: "Callable[[Sequence[object]], object]",
) -> float:
    """Microseconds of processor time from the input's queue on."""
    from ingest.backlog import Backlog, Holding
    from ingest.urgent import Urgency

    backlog = Backlog(Holding(urgency=Urgency.of(plant)))
    started = process_time()
    for chunk in chunks:
        backlog.put(chunk)
        work(backlog.take(CHUNK_SAMPLES))
    return (process_time() - started) / SAMPLES * 1e6


def _mapped(plant: "PlantFile") -> "Callable[[Sequence[object]], object]":
    """What the agent makes of a chunk, up to the entries of the spool."""
    from typing import Any

    from ingest.edge import Edge
    from ingest.sealing import CountedStamps, Moment, entries

    edge = Edge(plant, CountedStamps("bench/edge", "e"))
    moment = Moment("", plant.version, f"00-{'1' * 32}-{'2' * 16}-01", clock.now())

    def work(taken: Any) -> object:
        return entries("bench/edge", edge.take(taken, moment).records)

    return work
