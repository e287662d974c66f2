"""Draws stacks as a flame graph: `python -m tests.bench.flames stacks.raw title out.svg`.

The stacks are those of `py-spy record --format raw`: one line for each, `frame;frame;frame count`.
What takes less than half a percent is left out, and so are imports, loops that wait, and what
stands below every task of an event loop.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

WIDTH, HEIGHT, LETTER = 1200, 17, 6.6
LEAST = 0.005
_IMPORTS, _TASK, _WAITS = "_find_and_load", "Handle._run ", "select (selectors.py"
_FRAME = re.compile(r"(?P<name>.+?) \((?P<file>[^()]*?)(?::\d+)?\)$")
_COLOURS: Mapping[str, str] = {
    "plantstream": "#7fb069",
    "faust": "#e07a5f",
    "aiokafka": "#f2cc8f",
    "pydantic": "#81b2d9",
    "asyncio": "#c9c9c9",
}
_OURS = ("plantstream", "processors", "schemas", "ingest", "sinks", "tests")
_THEIRS = ("faust", "mode", "aiokafka", "pydantic", "asyncio")


@dataclass
class Node:
    """A frame under those that called it, with the samples that were taken in it or below."""

    name: str
    package: str = ""
    samples: int = 0
    below: dict[str, "Node"] = field(default_factory=dict)


def read(stacks: str) -> Node:
    """The tree of these stacks; lines of one function are one."""
    root = Node("all")
    for line in stacks.splitlines():
        stack, _, count = line.rpartition(" ")
        if _IMPORTS in stack or _WAITS in stack:
            continue
        frames, node, samples = stack.split(";"), root, int(count)
        root.samples += samples
        for frame in frames[_first(frames) :]:
            name, package = _named(frame)
            node = node.below.setdefault(name, Node(name, package))
            node.samples += samples
    return root


def draw(root: Node, title: str) -> str:
    """The tree as SVG, its root at the bottom."""
    boxes = list(_boxes(root, 0, 0.0, root.samples * LEAST))
    rows = max(depth for _, depth, _ in boxes) + 1
    height = (rows + 2) * HEIGHT
    scale = WIDTH / root.samples
    drawn = "\n".join(
        _box(node, left * scale, height - (depth + 1.5) * HEIGHT, scale, root.samples)
        for node, depth, left in boxes
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
        f'font-family="monospace" font-size="11"><rect width="100%" height="100%" fill="#fff"/>\n'
        f'<text x="6" y="14" font-size="13">{escape(title)}</text>\n{drawn}\n</svg>\n'
    )


def _first(frames: Sequence[str]) -> int:
    """Where the work of a task begins."""
    tasks = (place + 1 for place, one in enumerate(frames) if one.startswith(_TASK))
    return next(tasks, 0)


def _named(frame: str) -> tuple[str, str]:
    """A frame as it is shown, and whose it is."""
    found = _FRAME.match(frame)
    if found is None:
        return frame, ""
    parts = Path(found["file"]).with_suffix("").parts
    theirs = next((one for one in _THEIRS if one in parts), None)
    if theirs is not None:
        return f"{found['name']} ({theirs})", {"mode": "faust"}.get(theirs, theirs)
    ours = next((place for place, one in enumerate(parts) if one in _OURS), None)
    if ours is not None:
        return f"{found['name']} ({'/'.join(parts[ours:])})", "plantstream"
    return f"{found['name']} ({parts[-1]})", ""


def _boxes(node: Node, depth: int, left: float, least: float) -> Iterator[tuple[Node, int, float]]:
    """The nodes that are wide enough, with their depth and the samples left of them."""
    yield node, depth, left
    for one in sorted(node.below.values(), key=lambda one: one.name):
        if one.samples >= least:
            yield from _boxes(one, depth + 1, left, least)
        left += one.samples


def _box(node: Node, x: float, y: float, scale: float, total: int) -> str:
    width, share = node.samples * scale, 100 * node.samples / total
    letters = int((width - 6) / LETTER)
    text = node.name if len(node.name) <= letters else node.name[: letters - 1] + "…"
    label = f'<text x="{x + 3:.1f}" y="{y + 12:.1f}">{escape(text)}</text>' if letters > 2 else ""
    return (
        f"<g><title>{escape(node.name)}: {share:.1f} %</title>"
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width - 0.5, 0.5):.1f}" height="{HEIGHT - 1}" '
        f'fill="{_COLOURS.get(node.package, "#e3d7c8")}"/>{label}</g>'
    )


def main() -> None:
    """Read, draw, write."""
    stacks, title, out = sys.argv[1:]
    Path(out).write_text(draw(read(Path(stacks).read_text()), title))


if __name__ == "__main__":
    main()
