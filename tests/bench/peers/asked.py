"""What a peer's process is told. Plain Python, for any venv."""

import argparse
from pathlib import Path


class Asked(argparse.Namespace):
    """Where everything is, and how far to read."""

    servers: str
    out: Path
    """Where the figures of the run are written."""
    output: str
    """The topic of the results."""
    group: str
    state: Path
    """A folder of its own."""
    frames: int


def asked() -> Asked:
    """The command line."""
    parser = argparse.ArgumentParser()
    for name in ("servers", "output", "group"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("out", "state"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--frames", type=int, required=True)
    return parser.parse_args(namespace=Asked())
