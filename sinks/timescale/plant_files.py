"""Plant files as rows: what a version knows and asks, and which tags it calls critical. Pure."""

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from plantstream.runtime.errors import RejectedError
from schemas.mistakes import FileError
from schemas.model import PlantPublished
from schemas.plant.equipment import Line
from schemas.plant.load import load_plant
from schemas.plant.local_time import instant
from schemas.plant.model import Plant
from schemas.plant.products import Product
from schemas.plant.quality import Specification
from sinks.timescale.table import Row, Table, columns, storable_json

REMEMBERED = 4
"""Files; each start of an edge tells its own again, and to read one takes 0.1 s."""


def _row(published: PlantPublished) -> Row:
    """The file, its equipment and its specifications; see `_loaded` for what it raises."""
    plant = _loaded(published)
    return (
        *(published.site, published.plant_version, published.file, published.applied_by),
        *(published.reason, published.text, plant.time_zone),
        *(published.published_at, published.in_force_from),
        published.number,
        storable_json(json.dumps(_equipment(plant))),
        storable_json(json.dumps(_quality(plant))),
        storable_json(json.dumps([_product(one) for one in plant.products])),
    )


def _loaded(published: PlantPublished) -> Plant:
    """The plant of the file.

    Raises:
        RejectedError: the text is no plant file that this version can read.
    """
    try:
        return _read(published.text, published.file)
    except FileError as error:
        first = str(error).splitlines()[0]
        raise RejectedError(f"plant file {published.plant_version}: {first}") from error


@lru_cache(maxsize=REMEMBERED)
def _read(text: str, file: str) -> Plant:
    return load_plant(text, file).plant


def _critical_tags(published: PlantPublished) -> Iterator[Row]:
    plant = _loaded(published)
    for one in plant.equipment:
        for tag in one.tags:
            if tag.critical:
                limits = (tag.limits.lower, tag.limits.upper) if tag.limits else (None, None)
                named = (published.site, published.plant_version, plant.path_of(one))
                yield (*named, tag.name, tag.unit, *limits)


def _itself(row: Row) -> Row:
    return row


def _product(one: Product) -> dict[str, Any]:
    tests = [{"id": test.id, "name": test.name} for test in one.tests]
    return {"id": one.id, "name": one.name, "tests": tests}


def _equipment(plant: Plant) -> list[dict[str, Any]]:
    return [
        {
            "path": plant.path_of(one),
            "id": one.id,
            "name": one.name,
            "area": one.area,
            "line": one.line,
            "line_name": plant.lines.get(one.line, Line()).name,
            "class": one.equipment_class,
            "is_constraint": plant.lines.get(one.line, Line()).constraint == one.id,
            "demand": _demand(plant, one.id),
        }
        for one in plant.equipment
    ]


def _demand(plant: Plant, equipment: str) -> dict[str, str]:
    """Units wanted in a shift, by product."""
    wanted = {product.id: product.demand(equipment) for product in plant.products}
    return {product: str(units) for product, units in wanted.items() if units is not None}


def _quality(plant: Plant) -> dict[str, Any]:
    """What is asked of tests, and whose seals count; a specification for each product."""
    signatures = plant.quality.signatures
    return {
        "minimum_results": plant.quality.minimum_results,
        "minimum_batches": plant.quality.minimum_batches,
        "signature_keys": [] if signatures is None else signatures.keys,
        "specifications": [
            _specification(plant, one, product)
            for one in plant.specifications
            for product in one.products
        ],
    }


def _specification(plant: Plant, one: Specification, product: str) -> dict[str, Any]:
    limits = one.limits
    return {
        "product": product,
        "test": one.test,
        "since": instant(one.starts, ZoneInfo(plant.time_zone)).isoformat(),
        "lower": None if limits is None else limits.lower,
        "upper": None if limits is None else limits.upper,
        "accepted": one.accepted,
        "area": one.area,
    }


PLANT_FILES = Table(
    "plant_file",
    columns(
        text="site plant_version file applied_by reason text time_zone",
        timestamptz="published_at in_force_from",
        bigint="number",
        jsonb="equipment quality products",
    ),
    _row,
    key=("site", "plant_version", "number"),
    replaces=True,
)
CRITICAL_TAGS = Table(
    "critical_tag",
    columns(text="site plant_version equipment tag unit", float8="lower upper"),
    _itself,
    key=("equipment", "tag", "plant_version"),
    replaces=True,
    each=_critical_tags,
)
