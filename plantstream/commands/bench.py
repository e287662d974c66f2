"""`plantstream bench`: how fast the line is on this machine, beside what plain work takes on it."""

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from plantstream.commands.bench_figure import Figure, Needs, Row
from plantstream.commands.console import messages, quiet_logs
from plantstream.commands.tables import print_columns
from plantstream.runtime.errors import MisconfiguredError

if TYPE_CHECKING:
    from plantstream.commands.stack import Stack
    from plantstream.runtime.settings import DatabaseSettings, KafkaSettings

BENCHMARKS: Mapping[str, tuple[str, ...]] = {
    "bench_replay": ("replay_s", "replay_rss_mb"),
    "bench_latency": ("row_p99_ms",),
    "bench_modbus": ("modbus_ratio", "modbus_decode_plain", "modbus_decode_mixed"),
    "bench_opcua": ("opcua_ratio",),
    "bench_opcua_kafka": ("opcua_kafka_p99_ms",),
    "bench_spool": ("spool_per_s",),
    "bench_drain": ("spool_drain_s",),
    "bench_oee": ("oee_step_ratio", "oee_tick_ratio"),
    "bench_dispatch": ("dispatch_storm_s", "dispatch_event_us"),
    "bench_rules": ("rules_ratio",),
    "bench_page": ("page_p99_ms", "page_p50_ms", "page_for30_p99_ms"),
    "bench_load": ("row_load_p99_ms", "page_load_p99_ms"),
    "bench_load_opcua": ("row_opcua_p99_ms", "page_opcua_p99_ms"),
    "bench_storm": ("storm_s", "storm_api_p99_ms"),
    "bench_urgent": ("urgent_ratio",),
    "bench_urgent_kafka": ("urgent_p99_ms",),
    "bench_alerts": ("alert_precision", "alert_recall"),
    "bench_audit": ("audit_verify_s",),
    "bench_compliance": ("compliance_alert_p99_ms",),
    "bench_sink": ("sink_ratio", "sink_batch_p99_ms"),
    "bench_sink_away": ("sink_rss_mb", "sink_drain_ratio"),
    "bench_migrate": ("migrate_s",),
    "bench_scale": ("recovery_s", "flat_equipment", "equipment_kb"),
    "bench_two_workers": ("two_workers",),
    "bench_dashboard": ("dashboard_avg_ms", "dashboard_max_ms"),
}
"""The ids that each module measures, each on parts of its own."""
MEASURED = tuple(name for ids in BENCHMARKS.values() for name in ids)
"""The other ids of the table are throughput beside peers: `python -m tests.bench.peers`."""

Measure = Callable[["Stack"], Awaitable[list[Figure]]]
MeasureWithKafka = Callable[["KafkaSettings", Path], Awaitable[list[Figure]]]
MeasureWithDatabase = Callable[["DatabaseSettings"], Awaitable[list[Figure]]]
MeasureAlone = Callable[[Path], Awaitable[list[Figure]]]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(bench)


def bench(
    out: Path = typer.Option(Path("build/bench.json"), help="Where the list is written."),
    only: str | None = typer.Option(None, help=f"One of: {', '.join(MEASURED)}."),
    data_dir: Path | None = typer.Option(None, help="All that is in it is deleted at the start."),
    compare: tuple[Path, Path] | None = typer.Option(
        None, help="Two files, before and after: show what changed, and run nothing."
    ),
) -> None:
    """Run the benchmarks on this machine, with everything embedded.

    A comparison ends with 1 where a ratio is worse by more than 20 %.
    """
    from plantstream.embedded.places import default_data_dir

    quiet_logs()
    if compare is not None:
        raise typer.Exit(_compared(*compare))
    if only is not None and only not in MEASURED:
        raise MisconfiguredError(f"--only {only}: there are {', '.join(MEASURED)}")
    where = data_dir or default_data_dir() / "bench"
    rows = [
        figure.row()
        for module, ids in BENCHMARKS.items()
        if only is None or only in ids
        for figure in asyncio.run(_measure(module, where))
        if only is None or only == figure.id
    ]
    write(rows, out)
    print_columns(rows)
    messages.print(f"written to {out}")


def _compared(before: Path, after: Path) -> int:
    from plantstream.commands.bench_compare import changes, read

    found = changes(read(before), read(after))
    print_columns(found)
    worse = [one["id"] for one in found if one["is_worse"]]
    told = f"worse by more than 20 %: {', '.join(worse)}" if worse else "none is worse by 20 %"
    messages.print(f"{len(found)} ratios compared; {told}")
    return 1 if worse else 0


def write(rows: list[Row], out: Path) -> None:
    """The list as a file."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(rows, indent=2) + "\n")


async def _measure(module: str, data_dir: Path) -> list[Figure]:
    """What a module measures, on the parts that it says it needs: `NEEDS`."""
    from plantstream.commands.stack import Ports, running_database, running_kafka, running_stack

    found = import_module(f"plantstream.commands.{module}")
    await asyncio.to_thread(shutil.rmtree, data_dir, ignore_errors=True)
    await asyncio.to_thread(data_dir.mkdir, parents=True)
    ports = Ports(26092, 26093, 26432, 26081, 26082, 26083, 26085, 26084, 26086, 26087)
    needs: Needs = found.NEEDS
    match needs:
        case Needs.NOTHING:
            alone: MeasureAlone = found.measure
            return await alone(data_dir)
        case Needs.KAFKA:
            with_kafka: MeasureWithKafka = found.measure
            async with running_kafka(data_dir, ports, messages.print) as kafka:
                return await with_kafka(kafka, data_dir)
        case Needs.DATABASE:
            from plantstream.runtime.settings import DatabaseSettings

            with_database: MeasureWithDatabase = found.measure
            async with running_database(data_dir, ports.database, messages.print):
                return await with_database(DatabaseSettings(port=ports.database))
        case Needs.STACK:
            measure: Measure = found.measure
            async with running_stack(data_dir, ports, messages.print) as stack:
                return await measure(stack)
