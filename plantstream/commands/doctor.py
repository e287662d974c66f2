"""`plantstream doctor`: connects to everything, and says how it stands and what to do."""

import asyncio
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from plantstream.commands.console import data, messages, print_json
from plantstream.commands.options import AS_JSON, DATA_DIR

if TYPE_CHECKING:
    from plantstream.commands.findings import Finding
    from plantstream.runtime.settings import DatabaseSettings, KafkaSettings

COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}
START_KAFKA = "start it with plantstream up, or set PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS"
START_DATABASE = "start it with plantstream up, or set PLANTSTREAM_DATABASE_HOST and _PORT"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(data_dir: Path | None = DATA_DIR, as_json: bool = AS_JSON) -> None:
    """Check programs, Kafka, topics, groups, database, disk and clock; exit 1 if one failed."""
    from plantstream.commands.running import run_async
    from plantstream.embedded.places import default_data_dir

    with messages.status("asking everything that belongs to it"):
        findings = run_async(_examine(data_dir or default_data_dir()))
    counted = Counter(str(one.status) for one in findings)
    failed = counted["fail"] > 0
    if as_json:
        print_json({"ok": not failed, "findings": [asdict(one) for one in findings]})
    else:
        _print(findings)
    messages.print(f"{counted['ok']} ok, {counted['warn']} warnings, {counted['fail']} failed")
    if failed:
        raise typer.Exit(1)


def _print(findings: "Sequence[Finding]") -> None:
    from rich.text import Text

    from plantstream.commands.tables import printable

    width = max(len(one.subject) for one in findings)
    for one in findings:
        status = (f"{one.status:4}", COLOURS[one.status])
        data.print(Text.assemble(status, f"  {one.subject:{width}}  {printable(one.what)}"))
        if one.advice:
            data.print(Text(f"{'':{width + 8}}-> {printable(one.advice)}"))


async def _examine(data_dir: Path) -> "list[Finding]":
    """All checks side by side, in the order in which they are read."""
    from plantstream.commands.connection import database_settings, kafka_settings
    from plantstream.commands.doctor_database import database_findings
    from plantstream.commands.doctor_machine import disk_finding, python_finding
    from plantstream.commands.findings import within_limit

    kafka, database = kafka_settings(data_dir), database_settings(data_dir)
    found = await asyncio.gather(
        _programs(),
        _cluster(kafka, database, data_dir),
        within_limit("database", database_findings(database), START_DATABASE),
    )
    programs, cluster, tables = found
    return [python_finding(), *programs, *cluster, *tables, disk_finding(data_dir)]


async def _programs() -> "list[Finding]":
    """What `up` needs for the parts that run nowhere else."""
    from plantstream.commands import doctor_machine as machine
    from plantstream.commands.findings import within_limit

    wanted = []
    if "PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS" not in os.environ:
        wanted += [("java", machine.java_findings()), ("mvn", machine.maven_findings())]
    if "PLANTSTREAM_DATABASE_HOST" not in os.environ:
        wanted += [("node", machine.node_findings()), ("npm", machine.npm_findings())]
    found = await asyncio.gather(
        *(within_limit(name, work, f"see what {name} --version does") for name, work in wanted)
    )
    return [finding for findings in found for finding in findings]


async def _cluster(
    kafka: "KafkaSettings", database: "DatabaseSettings", data_dir: Path
) -> "list[Finding]":
    """The cluster first; groups and positions once it is known."""
    from plantstream.commands import doctor_database, doctor_kafka
    from plantstream.commands.consumer_groups import known_groups, notifiers
    from plantstream.commands.findings import LIMIT_S, fail, within_limit
    from plantstream.runtime.errors import PlantstreamError

    groups = known_groups()
    try:
        async with asyncio.timeout(LIMIT_S):
            groups |= await notifiers(kafka)
            seen = await doctor_kafka.look(kafka, list(groups))
    except TimeoutError:
        what = f"{kafka.bootstrap_servers} gave no answer within {LIMIT_S:g} s"
        return [fail("kafka", what, START_KAFKA)]
    except PlantstreamError as error:
        return [fail("kafka", str(error), START_KAFKA)]
    found = doctor_kafka.cluster_findings(seen, kafka, _release(kafka, data_dir))
    stored = doctor_database.positions_findings(database, seen.cluster_id)
    lagging = [
        (f"group {name}", doctor_kafka.group_findings(kafka, seen, name, reads))
        for name, reads in groups.items()
    ]
    others = await asyncio.gather(
        *(within_limit(name, one, "ask again; the broker may be busy") for name, one in lagging),
        within_limit("positions", stored, START_DATABASE),
    )
    return [*found, *(finding for findings in others for finding in findings)]


def _release(kafka: "KafkaSettings", data_dir: Path) -> str:
    """The version of the embedded Kafka, where that is the one asked; the protocol has no word."""
    from plantstream.embedded.endpoints import read_endpoints
    from plantstream.embedded.kafka_jars import VERSION

    running = read_endpoints(data_dir)
    ours = running is not None and running.kafka == kafka.bootstrap_servers
    return f", embedded Apache Kafka {VERSION}" if ours else ""
