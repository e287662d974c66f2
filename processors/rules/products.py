"""What the plant file's rules come to for one product: what its quality engine watches for."""

from collections.abc import Iterator
from functools import lru_cache

from processors.rules.plan import RulesPlan, Watched, plan_of, watched
from schemas.plant.alerts.conditions import QualityIs, parts_of
from schemas.plant.alerts.rules import AlertRule
from schemas.plant.by_version import ByVersion
from schemas.plant.load import PlantFile
from schemas.plant.model import Plant


def product_rules(plant: PlantFile, product: str) -> RulesPlan:
    """The rules of this product."""
    return _of_product(ByVersion(plant), product)


@lru_cache(maxsize=5_000)
def _of_product(versioned: ByVersion, product: str) -> RulesPlan:
    plant = versioned.plant.plant
    rules = [rule for rule in plant.alert_rules if rule.scope == "product"]
    found = [one for rule in rules for one in _on_product(rule, product, plant)]
    return plan_of(versioned.plant, found)


def _on_product(rule: AlertRule, product: str, plant: Plant) -> Iterator[Watched]:
    """One for the product, or one for each compliance area of its specifications."""
    place = plant, plant.equipment
    labels = {"site": plant.site, "product": product}
    rates = [piece for piece in parts_of(rule.when) if isinstance(piece, QualityIs)]
    areas = {one.area for one in plant.specifications if one.area and product in one.products}
    if any(piece.area is None for piece in rates) and areas:
        for area in sorted(areas):
            named = labels | {"compliance_area": area}
            yield watched(rule, f"{rule.alert}|{area}", named, place, {})
        return
    yield watched(rule, rule.alert, labels, place, {})
