"""Where people and instruments state things: the source of a laboratory."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.plant.values import Strict


class LabHttp(Strict):
    """The HTTP interface of a laboratory source."""

    listen: str = "127.0.0.1"
    """Address to listen on; any other than loopback needs a certificate."""
    port: int = Field(default=28090, ge=0, le=65_535)
    """0: the system chooses one."""
    certificate: str | None = None
    """File of the server's certificate chain (PEM); with it the interface speaks TLS only."""
    private_key: str | None = None
    """Its key (PEM)."""
    tokens: str | None = None
    """File of the tokens; else lab-tokens.json in the data directory."""
    requests_per_s: float = Field(default=20.0, gt=0, le=10_000)
    """Of one token in the long run; twice as many may come at once."""

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if (self.certificate is None) != (self.private_key is None):
            raise ValueError("certificate and private_key go together")
        if self.certificate is None and self.listen not in {"127.0.0.1", "::1", "localhost"}:
            raise ValueError("listen needs certificate and private_key: tokens would be readable")
        return self


class LabFolder(Strict):
    """A folder into which instruments and laboratory systems put files."""

    path: str
    """Folder that is looked at."""
    by: str = Field(default="folder", min_length=1, max_length=100)
    """Who states what stands in its files."""
    rest_s: float = Field(default=2.0, ge=0.05, le=3600)
    """A file is taken once its size has not changed for this long."""
    rescan_s: float = Field(default=60.0, ge=0.05, le=3600)
    """The folder is looked through this often, whatever the system tells of changes."""


class LabSource(Strict):
    """Results, events and acts that people and instruments state; bound to no equipment's tags."""

    addresses: ClassVar[tuple[()]] = ()

    type: Literal["lab"]
    http: LabHttp | None = None
    """Statements by HTTP, with a token each."""
    folder: LabFolder | None = None
    """Statements as files."""

    @model_validator(mode="after")
    def _open(self) -> Self:
        if self.http is None and self.folder is None:
            raise ValueError("a lab source needs http, folder or both")
        return self
