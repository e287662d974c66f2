"""Secrets in a plant file: where they are kept, never what they are."""

from typing import Self

from pydantic import Field, model_validator

from schemas.plant.values import Strict


class Secret(Strict):
    """Where a secret is read when it is needed: from a file, or from the environment."""

    file: str | None = Field(default=None, min_length=1)
    """Path of a file that holds it and nothing else; one newline at its end is left out."""
    env: str | None = Field(default=None, pattern=r"^[A-Z][A-Z0-9_]*$")
    """Name of an environment variable."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.file is None) == (self.env is None):
            raise ValueError("write {file: PATH} or {env: NAME}; the secret itself never here")
        return self
