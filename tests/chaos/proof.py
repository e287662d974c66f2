"""Writes docs/proof.md out of docs/chaos.json: `python -m tests.chaos.proof`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.chaos.result import Result, read
from tests.chaos.rows import ROWS, Row

DOCS = Path(__file__).parents[2] / "docs"
RESULTS, PAGE = DOCS / "chaos.json", DOCS / "proof.md"

HEAD = """# Proof

This page is written by `python -m tests.chaos.proof` out of [chaos.json](chaos.json), which
`make chaos` writes: a line for each run, whether it went well or not. A run that was not ok stays,
and is run again once there is a reason to: that reason is all that is written by hand.

Each run has real parts on one machine of two cores, some of them beside another such run: mosquitto
with twenty presses that say 2,000 samples a second and get hot one after the other, Apache Kafka,
TimescaleDB (the WebAssembly build; native PostgreSQL where a row says so), and as processes of
their own `plantstream ingest`, `process` for OEE, for rules and for the dispatcher, `sink` and
`notify`. What the presses have said is the truth:

- **lost**: samples, parts and changes of state that were said and are nowhere;
- **repeated**: rows that are there twice, messages to people that came again without saying so,
  and heat of which a second message told;
- **missing pages**: heat of which nobody was told;
- **wrong**: values, times and states that nobody said, cells of OEE that differ from those of an
  engine that nothing disturbed, and messages without a cause. That engine is given the machine
  events of Kafka, of which counts and states are compared with what was said. Cells of a minute
  that goes on are judged by the next run on the same parts, and the last one waits for its end;
- **lag 0**: seconds until rows, cells and messages are as new as before the fault, each of them of
  something that was said since, and until the last message came that was late, of what got hot by
  then; a press gets hot every 2.5 s. They count from the moment when a service is started again,
  when the other worker is alone, which has to have all partitions by then, or when a broker or
  database answers again. A run that takes longer than the row allows is not ok, even if its
  numbers are right;
- **went on**: where a broker was away, seconds until every press had newer rows and cells, and
  somebody was told of what got hot since;
- **anew**: services that ended by themselves. They are started anew after a second, as systemd or
  Compose would do.

While the database is away, each heat has to be told within 5 s, and the sink stays below 300 MB;
a blocked worker causes at most 4 rebalances and is ended by the watchdog, a slow database causes
none. Of a frozen worker all is taken over within 25 s, while it is frozen. Of half an hour the
first ten minutes do not count.
"""
REPEAT = """
Repeat any of it: `make chaos ROW=kill-sink RUNS=3`; `make proof-check` runs three rows by chance,
with seeds that nobody has seen.
"""


def page(results: Sequence[Result]) -> str:
    """The page as Markdown."""
    by_row: dict[str, list[Result]] = {}
    for one in results:
        by_row.setdefault(one.row, []).append(one)
    return "\n".join([HEAD, *_summary(results), "", *_table(by_row), "", *_not_ok(results), REPEAT])


def _summary(results: Sequence[Result]) -> list[str]:
    good = [one for one in results if one.ok]
    hours = sum(one.seconds for one in results) / 3600
    wrong = sum(one.lost + one.repeated + one.missing_pages + one.wrong for one in good)
    commits = ", ".join(f"`{name}`" for name in sorted({one.commit for one in results}))
    return [
        f"**{len(results)} runs, {hours:.1f} hours: {len(good)} ok, with {wrong} things lost, "
        f"repeated, missing or wrong; {len(results) - len(good)} not ok.** "
        f"Commits: {commits or 'none'}."
    ]


def _table(by_row: Mapping[str, Sequence[Result]]) -> list[str]:
    head = (
        "| row | fault | runs (wanted) | lost | repeated | missing pages | wrong "
        "| lag 0 in 90 % | worst | allowed | went on, worst | allowed | anew | ok |"
    )
    rule = f"|{'---|' * 14}"
    return [head, rule, *(_line(name, row, by_row.get(name, ())) for name, row in ROWS.items())]


def _line(name: str, row: Row, results: Sequence[Result]) -> str:
    sums = (
        sum(getattr(one, what) for one in results)
        for what in ("lost", "repeated", "missing_pages", "wrong")
    )
    ninety, worst = _ninety_and_worst([one.recovery_s for one in results])
    _, resumed = _ninety_and_worst([one.resumed_s for one in results])
    resumes_s = row.promises.resumes_within_s
    told = f"{sum(one.ok for one in results)} of {len(results)}" if results else "not run"
    cells = (
        f"`{name}`",
        row.says,
        f"{len(results)} ({row.runs})",
        *(map(str, sums) if results else "----"),
        ninety,
        worst,
        f"{row.within_s:.0f} s",
        resumed,
        "-" if resumes_s is None else f"{resumes_s:.0f} s",
        str(sum(len(one.anew) for one in results)) if results else "-",
        told,
    )
    return f"| {' | '.join(cells)} |"


def _ninety_and_worst(seconds: Sequence[float | None]) -> tuple[str, str]:
    """So long it took in 90 % of the runs, and in the worst."""
    times = sorted(one for one in seconds if one is not None)
    if not times:
        return "-", "-"
    return f"{times[-(-9 * len(times) // 10) - 1]:.1f} s", f"{times[-1]:.1f} s"


def _not_ok(results: Sequence[Result]) -> list[str]:
    bad = [one for one in results if not one.ok]
    if not bad:
        return []
    lines = [
        f"- `{one.row}`, seed {one.seed}, `{one.commit}`: {one.why}"
        f"{f'; run again: {one.run_again}' if one.run_again else ''}"
        for one in bad
    ]
    return ["Not ok, and why it is run again:", "", *lines]


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(read(RESULTS)))


if __name__ == "__main__":
    main()
