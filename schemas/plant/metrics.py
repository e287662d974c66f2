"""Which equipment the plant's metrics call reactors and stations, and which tags tell of them."""

from pydantic import Field

from schemas.plant.values import Name, Strict


class ReactorMetrics(Strict):
    """Equipment that is told as a reactor, and its tags by what they measure."""

    classes: list[Name] = Field(default_factory=lambda: ["reactor"])
    """Equipment classes; of those that the plant does not have nothing is told."""
    temperature: Name = "temperature"
    """Tag, in °C."""
    pressure: Name = "pressure"
    """Tag, in bar."""
    mixing_speed: Name = "mixing-speed"
    """Tag, in turns a minute."""


class StationMetrics(Strict):
    """Equipment that is told as a station, and its tags by what they measure."""

    classes: list[Name] = Field(default_factory=lambda: ["station"])
    """Equipment classes; of those that the plant does not have nothing is told."""
    throughput: Name = "throughput"
    """Tag, in units an hour; without it, the parts of the rolling hour of planned time."""
    queue_length: Name = "queue-length"
    """Tag, in units."""
    energy: Name = "energy"
    """Tag of a meter that counts up, in kWh."""


class MetricsSettings(Strict):
    """What `plantstream metrics` tells of equipment beside its OEE."""

    reactors: ReactorMetrics = Field(default_factory=ReactorMetrics)
    """Which equipment is told as reactors."""
    stations: StationMetrics = Field(default_factory=StationMetrics)
    """Which equipment is told as stations."""
