"""What the plant file says of one product's quality, by the time from which it holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from processors.rules.times import micros
from schemas.plant.by_version import ByVersion
from schemas.plant.load import PlantFile
from schemas.plant.local_time import instant
from schemas.plant.quality import QualitySettings, Specification

Dated = tuple[int, Specification]
"""From this instant on, this specification."""


@dataclass(frozen=True, slots=True)
class QualityPlan:
    """The specifications of one product."""

    version: str
    site: str
    product: str
    is_known: bool
    """Whether the plant file has the product."""
    settings: QualitySettings
    tests: Mapping[str, Sequence[Dated]]
    """By test, the oldest first."""

    def specification(self, test: str, at: int) -> Specification | None:
        """What held for a sample that was taken at this instant."""
        found = None
        for starts, one in self.tests.get(test, ()):
            if starts <= at:
                found = one
        return found

    def is_grouped(self, test: str) -> bool:
        """Whether some of its results are charted in subgroups."""
        dated = self.tests.get(test, ())
        return any(one.trend is not None and one.trend.subgroup for _, one in dated)

    def required(self, at: int) -> list[Specification]:
        """The specifications of the tests that a batch needs which begins at this instant."""
        found = (self.specification(test, at) for test in self.tests)
        return [one for one in found if one is not None and one.sampling is not None]


def quality_plan(plant: PlantFile, product: str) -> QualityPlan:
    """What holds for this product."""
    return _of_product(ByVersion(plant), product)


@lru_cache(maxsize=5_000)
def _of_product(versioned: ByVersion, product: str) -> QualityPlan:
    plant = versioned.plant.plant
    tests: dict[str, list[Dated]] = {}
    for one in plant.specifications:
        if product in one.products:
            starts = micros(instant(one.starts, ZoneInfo(plant.time_zone)))
            tests.setdefault(one.test, []).append((starts, one))
    return QualityPlan(
        version=versioned.plant.version,
        site=plant.site_path(),
        product=product,
        is_known=any(one.id == product for one in plant.products),
        settings=plant.quality,
        tests={test: sorted(dated, key=lambda one: one[0]) for test, dated in tests.items()},
    )
