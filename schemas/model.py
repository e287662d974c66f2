"""The plant file on its way to the services."""

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
