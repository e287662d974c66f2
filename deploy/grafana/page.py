"""What docs/dashboards.md says of each panel, from the same words that the dashboards show."""

from pathlib import Path

from deploy.grafana.assembled import BOARDS
from deploy.grafana.shapes import Equals, NoNumber, Panel
from deploy.grafana.words import Words

PAGE = Path(__file__).parents[2] / "docs" / "dashboards.md"
BEGINS, ENDS = "<!-- panels: written by the generator -->\n", "<!-- end of panels -->\n"


def with_panels(page: str) -> str:
    """The page with its tables of panels written anew.

    Raises:
        ValueError: the marks between which they stand are not there.
    """
    head, _, rest = page.partition(BEGINS)
    _, found, tail = rest.partition(ENDS)
    if not found:
        raise ValueError(f"{PAGE.name} has no {BEGINS.strip()} and {ENDS.strip()}")
    return head + BEGINS + _tables() + ENDS + tail


def _tables() -> str:
    words = Words("en")
    parts = []
    for board in BOARDS:
        rows = [
            f"| {words.of('panels', one.id)} | {words.of('about', one.id)} | {_held(one)} |"
            for one in board.panels
        ]
        head = ["| panel | says | held in the demo against |", "|---|---|---|"]
        parts.append("\n".join([f"\n### {words.of('boards', board.id)}\n", *head, *rows]) + "\n")
    return "".join(parts) + "\n"


def _held(panel: Panel) -> str:
    if isinstance(panel.claim, NoNumber):
        return f"nothing: {panel.claim.why}"
    return "; ".join(_told(one) for one in (panel.claim, *panel.also))


def _told(claim: Equals) -> str:
    return claim.number + (f", by {claim.by}" if claim.by else "")
