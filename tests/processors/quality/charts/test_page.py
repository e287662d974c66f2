"""The page says what the code does."""

import re
from pathlib import Path

from processors.quality.charts.constants import FACTORS, Factors
from processors.quality.charts.rules import Rule

PAGE = (Path(__file__).parents[4] / "docs" / "control-charts.md").read_text(encoding="utf-8")


def test_the_page_has_the_factors() -> None:
    rows = re.findall(r"^\| (\d+)" + r" \| ([\d.]+)" * 4 + r" \|$", PAGE, re.MULTILINE)
    assert {int(size): Factors(*map(float, row)) for size, *row in rows} == FACTORS


def test_the_page_defines_each_rule() -> None:
    assert re.findall(r"^\| `(\w+)` \| \w+", PAGE, re.MULTILINE) == list(Rule)
