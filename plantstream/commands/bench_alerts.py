"""How well alert rules find labelled anomalies of a recording that they were not chosen on."""

from pathlib import Path
from typing import TYPE_CHECKING

from plantstream.commands.bench_figure import Figure, Needs
from plantstream.commands.console import messages

if TYPE_CHECKING:
    from plantstream.commands.bench_anomalies import Score

NEEDS = Needs.NOTHING
DATA = Path(__file__).parents[3] / "shared" / "data"
RECORDINGS = tuple(DATA / f"skab_valve1_{number}.csv" for number in (0, 1))


async def measure(data_dir: Path) -> list[Figure]:
    """Choose on one recording and measure on the other, both ways; the sums of both count."""
    from plantstream.commands.bench_anomalies import Score, chosen, firing, read_series, score

    del data_dir
    missing = [path.name for path in RECORDINGS if not path.exists()]
    if missing:
        messages.print(f"alert_precision, alert_recall: left out, there is no {missing[0]}")
        return []
    both = [read_series(path) for path in RECORDINGS]
    total = Score()
    for learnt, judged in ((0, 1), (1, 0)):
        rules = chosen(both[learnt])
        there = score(both[learnt], firing(both[learnt], rules))
        here = score(both[judged], firing(both[judged], rules))
        messages.print(f"chosen on {RECORDINGS[learnt].name} (there: {told(there)}):")
        for rule in rules:
            messages.print(f"  {rule}", markup=False, highlight=False, soft_wrap=True)
        messages.print(f"  on {RECORDINGS[judged].name}: {told(here)}")
        total += here
    messages.print(f"both ways: {told(total)}")
    return [
        Figure("alert_precision", total.precision, total.labelled / total.rows),
        Figure("alert_recall", total.recall, total.fired / total.rows),
    ]


def told(one: "Score") -> str:
    """The score in words."""
    return (
        f"{one.true_alerts} of {one.alerts} alerts true, {one.found} of {one.anomalies} anomalies "
        f"found; by rows precision {one.row_precision:.3f}, recall {one.row_recall:.3f}, "
        f"F1 {one.row_f1:.3f}"
    )
