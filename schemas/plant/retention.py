"""How long records are kept: those of batches, by the plant file."""

from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from schemas.plant.times import Years
from schemas.plant.values import Strict

SHORTEST = timedelta(days=90)
"""So long topics keep what records are made of: what is read again there would come back."""


class Retention(Strict):
    """The record of a batch is deleted once both have passed, and no hold stands."""

    after_release: Years = Field(default=timedelta(days=5 * 366))
    """After its release, or whatever was said or done about it last."""
    after_expiry: Years = Field(default=timedelta(days=366))
    """After its end and `shelf_life`, of products that have one."""

    @model_validator(mode="after")
    def _long_enough(self) -> Self:
        if self.after_release < SHORTEST:
            raise ValueError(
                f"after_release is at least {SHORTEST.days}d: topics keep what they hold as long, "
                "and what is read there again would come back"
            )
        return self
