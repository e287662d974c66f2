"""What site-wide rules must see together."""

from typing import Literal

from pydantic import Field

from schemas.alerts import Severity
from schemas.record import Envelope, UtcTime


class SiteRecord(Envelope):
    """An event of a whole site. `source_time` is when it was so."""

    site: str = Field(min_length=1, max_length=200)
    """Enterprise and site, as they begin every equipment path."""

    def partition_key(self) -> str:
        """The site."""
        return self.site


class EdgeHeartbeat(SiteRecord):
    """An edge agent lives; it is sent at once, before whatever waits in the spool."""

    type: Literal["edge_heartbeat"] = "edge_heartbeat"
    edge: str = Field(min_length=1, max_length=200)
    spool_records: int = Field(ge=0)
    """Records that wait for the broker."""
    spool_bytes: int = Field(ge=0)
    dropped_records: int = Field(ge=0)
    """Since the agent started."""


class SourceHeartbeat(SiteRecord):
    """How an edge agent sees one of its sources; sent like its own heartbeat."""

    type: Literal["source_heartbeat"] = "source_heartbeat"
    edge: str = Field(min_length=1, max_length=200)
    name: str = Field(min_length=1, max_length=100)
    """As the plant file calls the source."""
    connected: bool
    last_value_at: UtcTime | None = None
    """Source time of its newest value."""
    clock_skew_s: float | None = None
    """The source's clock minus the edge's; what was on its way makes it seem late."""
    trouble: str | None = Field(default=None, max_length=500)
    """Why it cannot be read, where only a person can help."""


SIGNS_OF_LIFE = (EdgeHeartbeat, SourceHeartbeat)
"""They are not sent again: what is missing of them is no loss."""


class ExternalAlert(SiteRecord):
    """An alert of Prometheus or another sender, as it was told at `source_time`."""

    type: Literal["external_alert"] = "external_alert"
    sender: str = Field(min_length=1, max_length=100)
    """The name of the sender's token or certificate; only it may resolve the alert."""
    status: Literal["firing", "resolved"]
    labels: dict[str, str] = Field(max_length=100)
    annotations: dict[str, str] = Field(default_factory=dict, max_length=100)
    severity: Severity
    starts_at: UtcTime
    ends_at: UtcTime | None = None
    generator_url: str = Field(default="", max_length=2000)
