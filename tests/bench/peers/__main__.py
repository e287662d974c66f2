"""`python -m tests.bench.peers`: throughput beside Quix Streams, Bytewax and bare aiokafka."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from plantstream.commands.bench import write
from plantstream.commands.bench_compare import read
from plantstream.commands.bench_figure import Row
from plantstream.commands.console import complain, messages, quiet_logs
from plantstream.commands.tables import print_columns
from plantstream.runtime.errors import PlantstreamError
from tests.bench.peers.backlog import EQUIPMENT, Backlog
from tests.bench.peers.figures import BARE, BYTEWAX, FRAMES, OURS, QUIX, Run, figures, table
from tests.bench.peers.runs import hall
from tests.bench.peers.venv import python_of_peers

SAMPLES = 2_000_000
"""Of the short form; the full one is 20,000,000."""
PARTS = {1: 25, 10: 8, 100: 1, 500: 1}
"""By samples a frame: which part of the samples the backlog of such frames has."""
QUIX_PART = 8
"""Quix Streams reads so large a part of them at most: the first frames, by offset."""
ROUNDS = 2
"""Of ours and the bare loop at the frames of the figures, by turns."""
SETTINGS = f"""\
the job: OEE per equipment and minute of event time; {len(EQUIPMENT)} equipments, 12 partitions
  {OURS}: shell, Faust and journal as in production: exactly once, by transactions
  {QUIX}: tumbling window, RocksDB with changelog, exactly once, a commit each 5 s
  {BYTEWAX}: fold_window, unordered, recovery store with a snapshot each 5 s, batches of 1000
  {BARE}: the same frames decoded by the same codec and added up; no group, no state, no results
processor time, user and system, from the first record to the last result committed"""


def main() -> int:
    """Run what the arguments say, and add the figures to the file."""
    asked = _arguments()
    quiet_logs()
    try:
        runs = asyncio.run(_measure(asked.samples, asked.sizes, asked.who))
    except PlantstreamError as error:
        complain(str(error))
        return 1
    print_columns(table(runs))
    rows = [figure.row() for figure in figures(runs)]
    merged(rows, asked.out)
    messages.print(f"{len(rows)} figures added to {asked.out}")
    print_columns(rows)
    return 0


def merged(rows: Sequence[Row], out: Path) -> None:
    """Put the rows into the file's list, in place of those of the same ids."""
    known = dict(read(out)) if out.exists() else {}
    write(list({**known, **{row["id"]: row for row in rows}}.values()), out)


async def _measure(samples: int, sizes: Sequence[int], who: Sequence[str]) -> list[Run]:
    messages.print(SETTINGS, markup=False)
    return [run for size in sizes async for run in _of_size(size, samples, who)]


async def _of_size(size: int, samples: int, who: Sequence[str]) -> AsyncIterator[Run]:
    backlog = Backlog.of(size, samples // PARTS[size])
    first = samples // QUIX_PART // size
    python = python_of_peers() if {QUIX, BYTEWAX} & set(who) else Path(sys.executable)
    with tempfile.TemporaryDirectory(prefix="plantstream-bench-") as folder:
        messages.print(f"{backlog.samples:,} samples in {backlog.frames:,} frames of {size}")
        async with hall(Path(folder), backlog) as place:
            for _ in range(ROUNDS if size == FRAMES else 1):
                if BARE in who:
                    yield Run(BARE, size, await place.bare())
                yield Run(OURS, size, await place.ours())
            if BYTEWAX in who:
                yield Run(BYTEWAX, size, await place.peer(python, "bytewax_flow"))
            if QUIX in who:
                if first < backlog.frames:
                    messages.print(f"{QUIX} reads {first:,} of these frames")
                yield Run(QUIX, size, await place.peer(python, "quix", first))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.peers")
    parser.add_argument("--out", type=Path, default=Path("build/bench.json"))
    parser.add_argument("--samples", type=int, default=SAMPLES, help="20000000 is the full form")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(PARTS), choices=PARTS)
    parser.add_argument(
        "--who", nargs="*", default=[BARE, BYTEWAX, QUIX], choices=[BARE, BYTEWAX, QUIX]
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
