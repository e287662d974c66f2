"""The plant file as values."""

from pydantic import Field

from schemas.plant.alerts.channels import Channel
from schemas.plant.alerts.people import Chain, Person, Schedule
from schemas.plant.alerts.routing import Alerts
from schemas.plant.alerts.rules import AlertRule
from schemas.plant.calendar import Calendar
from schemas.plant.equipment import Equipment, EquipmentClass, Line, Reason
from schemas.plant.metrics import MetricsSettings
from schemas.plant.products import Product
from schemas.plant.quality import QualitySettings, Specification
from schemas.plant.retention import Retention
from schemas.plant.sources import Source
from schemas.plant.times import TimeZone
from schemas.plant.values import Name, Strict
from schemas.record import EquipmentPath


class Plant(Strict):
    """A plant file."""

    enterprise: Name
    """Whose plant it is; the first part of every equipment path."""
    site: Name
    """The plant; enterprise and site together name it everywhere."""
    name: str
    """As people read it."""
    time_zone: TimeZone
    """IANA name, such as America/Mexico_City: of shifts, days and messages."""
    metrics_prefix: str = Field(default="", pattern=r"^([a-zA-Z_][a-zA-Z0-9_]*)?$")
    """What the names of its metrics begin with, such as `ninu_`."""
    metrics: MetricsSettings = Field(default_factory=MetricsSettings)
    """Which equipment is told to Prometheus as reactors and stations."""
    sources: dict[Name, Source] = Field(default_factory=dict)
    """Where values are read, and where laboratories and people state theirs."""
    equipment_classes: dict[Name, EquipmentClass] = Field(default_factory=dict)
    """What machines of one kind have in common."""
    equipment: list[Equipment] = Field(min_length=1)
    """The machines."""
    lines: dict[Name, Line] = Field(default_factory=dict)
    """What is to be said of whole lines; the others follow from the equipment."""
    reasons: dict[Name, Reason] = Field(default_factory=dict)
    """Codes that people give for stops and for bad parts."""
    products: list[Product] = Field(default_factory=list)
    """What is made."""
    specifications: list[Specification] = Field(default_factory=list)
    """What tests have to show; of those for one product and test, the latest that holds counts."""
    quality: QualitySettings = Field(default_factory=QualitySettings)
    """How rates of quality are reckoned, and who may do what."""
    retention: Retention = Field(default_factory=Retention)
    """How long records of batches are kept."""
    calendars: dict[Name, Calendar]
    """When equipment is meant to produce; equipment names its own."""
    people: list[Person] = Field(default_factory=list)
    """Who can be told something."""
    schedules: dict[Name, Schedule] = Field(default_factory=dict)
    """Who is on call when."""
    chains: dict[Name, Chain] = Field(default_factory=dict)
    """Escalations: who is told, and who next if nobody answers."""
    channels: dict[Name, Channel] = Field(default_factory=dict)
    """Ways to reach people."""
    alert_rules: list[AlertRule] = Field(default_factory=list)
    """When somebody has to know."""
    alerts: Alerts | None = None
    """How alerts reach people; without it they are recorded and nobody is told."""

    def read_at(self, source: str) -> list[tuple[EquipmentPath, Equipment]]:
        """The equipment that has tags at this source, each with those tags alone."""
        found = [(one, [tag for tag in one.tags if tag.source == source]) for one in self.equipment]
        return [
            (self.path_of(one), one.model_copy(update={"tags": tags}))
            for one, tags in found
            if tags
        ]

    def reads_as(self, other: "Plant", source: str) -> bool:
        """Whether the source and all that is read there are the same in the other plant file."""
        ours = self.sources.get(source)
        if ours != other.sources.get(source):
            return False
        if ours is not None and not ours.addresses:
            # What is stated there is held against all that the file names.
            return self.stated_of() == other.stated_of()
        return self.read_at(source) == other.read_at(source)

    def stated_of(self) -> tuple[list[EquipmentPath], list[Product]]:
        """What people and laboratories may state something of."""
        return [self.path_of(one) for one in self.equipment], self.products

    def site_path(self) -> str:
        """Enterprise and site, as they begin every equipment path."""
        return f"{self.enterprise}/{self.site}"

    def path_of(self, equipment: Equipment) -> EquipmentPath:
        """The equipment's place in the ISA-95 hierarchy."""
        return f"{self.site_path()}/{equipment.area}/{equipment.line}/{equipment.id}"

    def find(self, equipment: str) -> Equipment | None:
        """The equipment with this id or path."""
        wanted = equipment.rpartition("/")[2]
        return next((one for one in self.equipment if one.id == wanted), None)
