"""`python -m tests.chaos --row ROW --runs N`: faults against real processes, see docs/proof.md."""

import argparse
import asyncio
import random
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.plan import Run, Wanted, by_factory, missing
from tests.chaos.result import Result, add, read
from tests.chaos.rows import ROWS
from tests.chaos.run import commit, run_rows


def main() -> int:
    """Run what the arguments say; 1 if a run was not ok."""
    asked = _arguments()
    plan = _plan(asked)
    if not plan:
        sys.stderr.write("chaos: nothing is left to run; the results are in the file\n")
        return 0

    def keep(result: Result) -> None:
        add(asked.out, result)
        sys.stdout.write(f"{_line(result)}\n")
        sys.stdout.flush()

    all_ok = True
    for together in by_factory(plan):
        try:
            all_ok &= asyncio.run(run_rows(together, keep, asked.logs))
        except Exception:  # noqa: BLE001 - another factory may do better: a table is filled in a night
            traceback.print_exc()
            all_ok = False
    return 0 if all_ok else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--row", choices=["", *ROWS], default="", help="one row; default: all")
    parser.add_argument("--runs", type=int, default=0, help="default: as many as the table says")
    parser.add_argument("--seed", type=int, default=0, help="of the first run")
    parser.add_argument("--any-commit", action="store_true", help="runs of older commits count")
    parser.add_argument("--short", action="store_true", help="some rows, one run each")
    parser.add_argument("--fresh", type=int, default=0, help="so many random rows, fresh seeds")
    parser.add_argument("--logs", type=Path, help="a folder that keeps what the parts logged")
    parser.add_argument("--out", type=Path, default=Path("build/chaos.json"))
    return parser.parse_args()


def _plan(asked: argparse.Namespace) -> Sequence[Run]:
    """Rows and seeds, without those runs that the file holds already."""
    if asked.fresh:
        chance = random.SystemRandom()
        return [(name, chance.randrange(10**6)) for name in chance.sample(list(ROWS), asked.fresh)]
    if asked.short:
        return [(name, asked.seed) for name, row in ROWS.items() if row.is_short]
    rows = [asked.row] if asked.row else list(ROWS)
    of_commit = None if asked.any_commit else commit()
    return missing(Wanted(rows, asked.runs, asked.seed, of_commit), read(asked.out))


def _line(result: Result) -> str:
    recovery = "-" if result.recovery_s is None else f"{result.recovery_s:.1f} s"
    said = "ok" if result.ok else f"NOT OK: {result.why}"
    return (
        f"{result.row} seed {result.seed}: lost {result.lost}, repeated {result.repeated}, "
        f"missing pages {result.missing_pages}, wrong {result.wrong}, lag 0 after {recovery}, "
        f"{result.seconds:.0f} s in all: {said}"
    )


if __name__ == "__main__":
    sys.exit(main())
