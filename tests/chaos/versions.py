"""Services of this version of the schemas and of the next one, in all pairs; and one too far on."""

import asyncio
import json
import random
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain, combinations, count
from typing import Any

from plantstream.runtime.clock import monotonic
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.ports import Outgoing
from schemas.codec import decode
from schemas.partitioning import partition_key, partition_of
from schemas.record import site_of
from schemas.topics import DEADLETTER, MODEL, Topic
from sinks.registry import TOPICS
from tests.chaos import next_version
from tests.chaos.factory import SERVICES, Factory, Service
from tests.chaos.harm import UnkeptError
from tests.chaos.next_version import MORE
from tests.chaos.plant import PRESSES, SITE, path_of
from tests.schemas.samples import ENVELOPE

STAGES = range(6)
NEWER_IN = dict(zip(SERVICES, combinations(STAGES[1:], 3), strict=False))
"""The stages in which a service is of the next version. In the first one all are of this one, and
no two are newer in the same three of the other five: each two of them meet in all four pairs."""
STAGE_S = 6.0
"""Two presses get hot in it."""
BURIED_WITHIN_S = 60.0
LOOK_S = 0.5
SPOKEN = ("telemetry", "machine", "site", "kpi", "alert", "notification", "delivery")
"""Topics in which the services of a factory say something every few seconds."""
FIRST_SEQ = 1000
EQUIPMENT, PLANT_VERSION = ENVELOPE["equipment"], ENVELOPE["plant_version"]
OTHER_SITE = site_of(EQUIPMENT)
UNKNOWN = 2

Ends = Mapping[Topic, Mapping[int, int]]
Fields = dict[str, Any]


async def schema_versions(factory: Factory, chance: random.Random) -> float:
    """All pairs of old and new writers and readers; then each type as newer and as unknown."""
    begins = {topic: await factory.line.ends(topic) for topic in TOPICS}
    try:
        for stage in chance.sample(STAGES, k=len(STAGES)):
            newer = (name for name in SERVICES if stage in NEWER_IN[name])
            await _change(factory, frozenset(newer))
            await asyncio.sleep(STAGE_S)
    finally:
        await _change(factory, frozenset())
    since = monotonic()
    await _must_be_of_both(factory, begins)
    run = f"versions-{chance.randrange(10**6)}"
    unknown = await _say_samples(factory, run)
    await _must_be_buried(factory, run, unknown, begins[DEADLETTER])
    return since


async def _change(factory: Factory, newer: frozenset[Service]) -> None:
    """Restart those services whose version changes."""
    changed = factory.newer ^ newer
    factory.newer = newer
    async with asyncio.TaskGroup() as tasks:
        for name in changed:
            tasks.create_task(_restart(factory, name))


async def _restart(factory: Factory, name: Service) -> None:
    await factory.stop(name)
    await factory.start(name)


async def _must_be_of_both(factory: Factory, begins: Ends) -> None:
    """The next version has really written something else, and this one has written, too."""
    for topic, begin in begins.items():
        if topic.name.split(".")[1:-1] not in [[name] for name in SPOKEN]:
            continue
        records = await factory.line.records(topic, begin)
        newer = sum(MORE.encode() in (record.value or b"") for record in records)
        if not 0 < newer < len(records):
            raise UnkeptError(f"{topic.name}: {newer} of {len(records)} records are newer")


async def _say_samples(factory: Factory, run: str) -> frozenset[str]:
    """Publish each type as the next version has it, then in a version that nobody knows.

    Gives where the latter ones stand, as dead letters name it.
    """
    said = list(_samples(await _of_next_version(factory), run, factory.plant.version))
    unknown = [(topic, fields | {"version": UNKNOWN}) for topic, fields in said]
    # The edge of the next version has published its plant file itself.
    newer = [(topic, fields) for topic, fields in said if topic is not MODEL]
    async with KafkaBroker(factory.line.kafka) as broker:
        await broker.send([_addressed(*one) for one in newer])
        begins = {topic: await factory.line.ends(topic) for topic in TOPICS}
        await broker.send([_addressed(*one) for one in unknown])
    found = [await factory.line.records(topic, begin) for topic, begin in begins.items()]
    return frozenset(
        f"{record.topic}/{record.partition}/{record.offset}"
        for record in chain.from_iterable(found)
        if json.loads(record.value or b"{}").get("version") == UNKNOWN
    )


async def _of_next_version(factory: Factory) -> Mapping[str, str]:
    """A record of each type as it is written, by its name."""
    line = replace(factory.line, program=next_version.__name__)
    done = await line.command("samples")
    assert done.code == 0, done.err
    return {json.loads(one)["type"]: one for one in done.out.splitlines()}


async def _must_be_buried(
    factory: Factory, run: str, unknown: frozenset[str], begin: Mapping[int, int]
) -> None:
    """The sink has buried each of these, and nobody anything else."""

    async def letters() -> list[Any]:
        found = await factory.line.records(DEADLETTER, begin)
        told = [json.loads(record.value or b"{}") for record in found]
        return [one for one in told if one["service"] != run]

    try:
        async with asyncio.timeout(BURIED_WITHIN_S):
            while True:
                found = await letters()
                if unknown <= {one["id"] for one in found if one["service"] == "sink"}:
                    break
                await asyncio.sleep(LOOK_S)
    except TimeoutError:
        raise UnkeptError(f"not buried: {sorted(unknown - {one['id'] for one in found})}") from None
    # What an earlier run has left is buried again by a service that was told to start anew.
    if wrongly := [one for one in found if _version(one) != UNKNOWN]:
        first = wrongly[0]
        told = f"{first['service']} buried {first['id']}: {first['reason']}"
        raise UnkeptError(f"{len(wrongly)} buried that should be understood; {told}")


def _version(letter: Fields) -> int | None:
    """Of the record that it buries."""
    buried: Fields = json.loads(b64decode(letter["value"]))
    return buried.get("version")


def _samples(
    samples: Mapping[str, str], run: str, plant_version: str
) -> Iterator[tuple[Topic, Fields]]:
    """One of each type for each topic that carries it; of a run, where there are runs."""
    seqs = count(FIRST_SEQ)
    for topic in TOPICS:
        for kind in topic.types:
            text = samples[kind.model_fields["type"].default]
            fields: Fields = json.loads(text.replace(PLANT_VERSION, plant_version))
            if "run" in fields:
                text = json.dumps(fields | {"run": run})
                text = text.replace(EQUIPMENT, path_of(PRESSES[0])).replace(OTHER_SITE, SITE)
                fields = json.loads(text)
            if topic is DEADLETTER:
                fields["service"] = run
            if isinstance(fields.get("id"), dict):
                fields = fields | {"id": fields["id"] | {"source": run, "seq": next(seqs)}}
            yield topic, fields


def _addressed(topic: Topic, fields: Fields) -> Outgoing:
    """Where this version would put it."""
    key = SITE.encode()
    if topic is not DEADLETTER:
        known = decode(topic, json.dumps(fields | {"version": 1}).encode())
        key = partition_key(topic.partition_by, known).encode()
    value = json.dumps(fields).encode()
    return Outgoing(topic.name, partition_of(key, topic.partitions), key, value)
