"""Example plants: `deploy/plants` of a checkout, which a wheel carries inside the package."""

from pathlib import Path

_PLACES = (
    Path(__file__).parents[1] / "plants",
    Path(__file__).parents[2] / "deploy" / "plants",
)
"""In a wheel, and in a checkout."""


def example(name: str) -> Path:
    """The folder of this example, with its `plant.yaml`."""
    return next((place for place in _PLACES if place.is_dir()), _PLACES[0]) / name
