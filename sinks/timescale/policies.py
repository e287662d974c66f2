"""How long each site keeps records, by its stored plant files."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import groupby

from psycopg import AsyncConnection
from psycopg.rows import class_row

from schemas.mistakes import FileError
from schemas.model import PlantPublished, in_force
from schemas.plant.load import load_plant
from schemas.plant.model import Plant
from sinks.timescale.expiry import Policy

_PLANTS = 20
"""Plant files in memory."""
_FILES = """
    SELECT site, plant_version, file, text, published_at, number, in_force_from
    FROM plant_file ORDER BY site, number, published_at
"""


async def load_policies(connection: AsyncConnection, now: datetime) -> dict[str, Policy]:
    """The policies of all sites whose plant file in force can be read."""
    cursor = connection.cursor(row_factory=class_row(PlantPublished))
    await cursor.execute(_FILES)
    files = await cursor.fetchall()
    by_site = {site: list(of_site) for site, of_site in groupby(files, lambda one: one.site)}
    found = {site: policy_of(of_site, now) for site, of_site in by_site.items()}
    return {site: policy for site, policy in found.items() if policy is not None}


def policy_of(files: Sequence[PlantPublished], now: datetime) -> Policy | None:
    """What the files of a site, oldest first, say; None: that in force cannot be read."""
    unasked = [one for one in files if one.number == 0]
    current = in_force(files, files[0].site, now) or next(reversed(unasked), None)
    plant = None if current is None else _plant(current.text)
    if plant is None:
        return None
    kept, shelf_lives = plant.retention, _ShelfLives((current, *reversed(files)))
    return Policy(kept.after_release, kept.after_expiry, shelf_lives.of)


class _ShelfLives:
    """Of products, by the first of these files that knows them: it may be in force no more."""

    def __init__(self, files: Sequence[PlantPublished | None]) -> None:
        self._texts = list(dict.fromkeys(one.text for one in files if one is not None))
        self._known: dict[str, timedelta | None] = {}

    def of(self, product: str) -> timedelta | None:
        """None: it has none, or nobody knows it."""
        if product and product not in self._known:
            found = (one for plant in self._plants() for one in plant.products if one.id == product)
            first = next(found, None)
            self._known[product] = None if first is None else first.shelf_life
        return self._known.get(product)

    def _plants(self) -> Iterator[Plant]:
        for text in self._texts:
            plant = _plant(text)
            if plant is not None:
                yield plant


@lru_cache(maxsize=_PLANTS)
def _plant(text: str) -> Plant | None:
    try:
        return load_plant(text, "plant file").plant
    except FileError:
        return None
