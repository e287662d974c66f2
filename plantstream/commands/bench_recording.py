"""A made-up recording of the shape of the tablet press's, for where that one is not at hand."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from plantstream.commands.examples import example

PRESS = example("tablet_press")
MAP, PLANT = PRESS / "map.yaml", PRESS / "plant.yaml"
REAL = Path(__file__).parents[3] / "shared" / "data" / "pharma_Process_6.csv"

ROWS = 35_609
SECOND_BATCH = 28_041
NUMERIC_COLUMNS = (
    *("tbl_speed", "fom", "main_comp", "tbl_fill", "SREL", "pre_comp", "produced", "waste"),
    *("cyl_main", "cyl_pre", "stiffness", "ejection"),
)
_BEGIN = datetime(2019, 9, 6, 4, 8, 23, tzinfo=UTC)
_STEP = timedelta(seconds=10)
_STOPPED_OF_HUNDRED = 40
"""The press stands in this many of each hundred rows."""


def recording_in(directory: Path) -> Path:
    """The real recording, or a made-up one in this directory."""
    if REAL.exists():
        return REAL
    return write_recording(directory / "made_up.csv")


def write_recording(path: Path, rows: int = ROWS) -> Path:
    """The same bytes each time."""
    header = ";".join(("timestamp", "campaign", "batch", "code", *NUMERIC_COLUMNS))
    path.write_text("\n".join((header, *_lines(rows))) + "\n")
    return path


def _lines(rows: int) -> Iterator[str]:
    produced, waste = 0.0, 0
    for row in range(rows):
        running = row % 100 >= _STOPPED_OF_HUNDRED
        if row == SECOND_BATCH:
            produced, waste = 0.0, 0
        elif running:
            produced, waste = produced + 0.3, waste + (row % 7 == 0)
        wave = math.sin(row / 50)
        signals = [round((5 + number + wave) * running, 2) for number in range(5)]
        heights = [round(3 + wave / 10, 2), round(5 + wave / 10, 2)]
        at = _BEGIN + row * _STEP
        values = (
            *(f"{at:%Y-%m-%d %H:%M:%S}", 80, 368 if row < SECOND_BATCH else 369, 6),
            *(120 if running else 0, *signals, round(produced, 1), waste, *heights),
            *(2 + row % 5, 473 + row % 90),
        )
        yield ";".join(map(str, values))
