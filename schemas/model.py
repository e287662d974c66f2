"""The plant file on its way to the services."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from pydantic import Field

from schemas.record import Frozen, UtcTime


class PlantPublished(Frozen):
    """A version of the plant file, word for word; events name it by `plant_version`."""

    type: Literal["plant_published"] = "plant_published"
    version: int = Field(default=1, ge=1, le=1)
    site: str
    plant_version: str
    file: str
    """What the file was called, for error messages."""
    text: str
    published_at: UtcTime
    number: int = Field(default=0, ge=0)
    """1 for the first file that was applied at the site, and so on; 0: an edge uses it unasked."""
    in_force_from: UtcTime | None = None
    """From when on edges that follow the site use it; None is at once."""
    applied_by: str | None = None
    reason: str | None = None

    def is_in_force(self, now: datetime) -> bool:
        """Whether its time has come."""
        return self.in_force_from is None or self.in_force_from <= now


def in_force(
    published: Iterable[PlantPublished], site: str, now: datetime
) -> PlantPublished | None:
    """The plant file that a site is to use: the one applied last of those whose time has come."""
    found: PlantPublished | None = None
    for one in published:
        applied = one.site == site and one.number > 0 and one.is_in_force(now)
        if applied and (found is None or one.number >= found.number):
            found = one
    return found
