"""What each tag of the plant file means, prepared for the mapping."""

from collections.abc import Mapping, Set as AbstractSet
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import blake2b

from ingest.counters import Counter
from ingest.input import Alive, Sample, Value
from ingest.reporting import is_selective
from ingest.values import number, word
from schemas.machine import TimeCategory
from schemas.plant.equipment import Equipment
from schemas.plant.load import PlantFile
from schemas.plant.sources import ModbusSource, OpcUaSource, Source
from schemas.plant.tags import Tag
from schemas.record import EquipmentPath

_ORIGIN_BYTES = 8


@dataclass(frozen=True, slots=True)
class TagRule:
    """How the samples of one tag are read."""

    tag: Tag
    numeric: bool | None
    """Whether its samples are numbers (True), texts (False) or whatever comes (None)."""
    rank: int
    """At equal source time lower ranks come first."""
    counter: Counter
    states: Mapping[str, TimeCategory]
    selective: bool = False
    """Whether not every value is reported."""
    is_scaled: bool = False
    """Whether its raw value is in another unit."""
    origin: str = ""
    """Another text for another source, device or address."""
    ms: float = 1000.0
    """Milliseconds per unit of a cycle time."""
    is_plain: bool = False
    """Whether a number of it is told as it is, and means nothing else."""

    def category(self, value: Value) -> TimeCategory | None:
        """The time category of a state, or None if the value is no state at all."""
        if self.tag.running_above is not None:
            found = number(value)
            if found is None:
                return None
            running = found > self.tag.running_above
            return TimeCategory.RUNNING if running else self.tag.otherwise
        named = word(value)
        return self.states.get(named, self.tag.otherwise) if named else None


@dataclass(frozen=True, slots=True)
class EquipmentRules:
    """The tags of one equipment."""

    equipment: EquipmentPath
    tags: Mapping[str, TagRule]
    selective: tuple[TagRule, ...] = ()
    """Those of which not every value is reported."""
    plain: frozenset[str] = frozenset()
    """The names of those that are plain."""
    units: Mapping[str, str] = field(default_factory=dict)
    """By tag."""
    telling: frozenset[str] = frozenset()
    """The tags that tell the state; where there is none, those that mean something."""
    by_source: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The tags that are read at each source."""

    def ranked(self, samples: Mapping[str, Sample]) -> list[Sample]:
        """Samples of the same instant, by tag, in the order in which they are applied."""
        if self.plain.issuperset(samples):
            return list(samples.values())
        tags = self.tags
        return sorted(
            samples.values(), key=lambda sample: tags[sample.tag].rank if sample.tag in tags else 0
        )

    def tells_state(self, source: str | None) -> bool:
        """Whether the equipment's state, or all that is known of it, is read at this source."""
        return source is None or self.speak_of_state(self.by_source.get(source, frozenset()))

    def speak_of_state(self, tags: AbstractSet[str]) -> bool:
        """Whether the equipment's state, or all that is known of it, is among these tags."""
        return not self.telling or not self.telling.isdisjoint(tags)

    def holding(self, alive: Alive) -> AbstractSet[str]:
        """The tags that still hold; a source that no tag names, as a recording, has them all."""
        if alive.tags is not None:
            return alive.tags
        return self.by_source.get(alive.source or "", self.tags.keys())

    def read_at(self, source: str) -> list[TagRule]:
        """The tags that are read at this source."""
        return [rule for rule in self.tags.values() if rule.tag.source == source]


PlantRules = Mapping[EquipmentPath, EquipmentRules]


def plant_rules(plant: PlantFile) -> PlantRules:
    """The rules of every equipment of the plant."""
    return {
        (path := plant.plant.path_of(one)): _equipment_rules(path, one, plant.plant.sources)
        for one in plant.plant.equipment
    }


def _equipment_rules(
    path: EquipmentPath, equipment: Equipment, sources: Mapping[str, Source]
) -> EquipmentRules:
    tags = {
        tag.name: _tag_rule(tag, _origin(tag, equipment.unit_id, _device(sources, tag)))
        for tag in equipment.tags
    }
    meant = [rule.tag for rule in tags.values() if rule.tag.means]
    telling = [tag for tag in meant if tag.means == "state"] or meant
    read_at = {rule.tag.source for rule in tags.values() if rule.tag.source}
    return EquipmentRules(
        path,
        tags,
        selective=tuple(rule for rule in tags.values() if rule.selective),
        plain=frozenset(name for name, rule in tags.items() if rule.is_plain),
        units={name: rule.tag.unit for name, rule in tags.items()},
        telling=frozenset(tag.name for tag in telling),
        by_source={
            source: frozenset(name for name, rule in tags.items() if rule.tag.source == source)
            for source in read_at
        },
    )


def _tag_rule(tag: Tag, origin: str) -> TagRule:
    numeric, selective = _is_numeric(tag), is_selective(tag)
    is_raw = tag.means is None and numeric is not False and not tag.is_scaled
    return TagRule(
        tag=tag,
        numeric=numeric,
        rank=tag.rank,
        counter=Counter(Decimal(tag.scale), tag.rollover, tag.most_per_s),
        states={_state_key(key): category for key, category in (tag.states or {}).items()},
        selective=selective,
        is_scaled=tag.is_scaled,
        origin=origin,
        ms=tag.seconds() * 1000 if tag.means == "cycle_time" else 1000.0,
        is_plain=is_raw and not selective,
    )


def _device(sources: Mapping[str, Source], tag: Tag) -> str:
    """Where the source is reached, if its addresses mean something else elsewhere."""
    match sources.get(tag.source or ""):
        case OpcUaSource(endpoint=endpoint):
            return endpoint
        case ModbusSource(device=device, host=host, port=port):
            return device or f"{host}:{port}"
        case _:
            return ""


def _origin(tag: Tag, unit_id: int | None, device: str) -> str:
    given = {
        key: one if isinstance(one, str) else one.model_dump(exclude_defaults=True)
        for key, one in tag.addresses().items()
    }
    place = repr((tag.source, device, unit_id if tag.register_ else None, given))
    return blake2b(place.encode(), digest_size=_ORIGIN_BYTES).hexdigest()


def _is_numeric(tag: Tag) -> bool | None:
    if tag.is_name:
        return False
    if (
        tag.unit
        or tag.is_scaled
        or tag.running_above is not None
        or tag.is_counter
        or tag.means == "cycle_time"
    ):
        return True
    return None


def _state_key(key: str) -> str:
    """YAML's `true:` arrives as `True`; the mapping writes booleans in lower case."""
    return key.lower() if key.lower() in {"true", "false"} else key
