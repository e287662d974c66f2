"""What every part of a plant file is made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]+$", max_length=40)]
"""Lower-case letters, digits, - and _: it becomes part of topics' keys and metrics."""


class Strict(BaseModel):
    """A part of the plant file: unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
