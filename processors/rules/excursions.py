"""Excursions: what alerts of rules with `deviation` say to the quality of products."""

from collections.abc import Iterable, Iterator, Sequence

from processors.rules.life import Life, Timing
from processors.rules.sight import Seen
from processors.rules.times import instant
from processors.step import Output
from schemas.alerts import AlertExcursion, AlertTransition
from schemas.lab import Excursion
from schemas.plant.alerts.conditions import TagIs
from schemas.plant.alerts.rules import AlertRule
from schemas.record import EquipmentPath
from schemas.topics import LAB

_LEVELS = {"equipment": 5, "line": 4, "area": 3}
"""Parts of a path."""


def worst(
    rule: AlertRule, before: tuple[Life, float | None], after: Life, seen: Seen
) -> float | None:
    """The value furthest beyond the limit, of the alert that is pending or firing now."""
    condition, (life, known) = rule.when, before
    if rule.deviation is None or not isinstance(condition, TagIs) or after.phase == "inactive":
        return None
    values = [known] if life.phase != "inactive" and life.since == after.since else []
    if seen.truth and isinstance(seen.value, float | int):
        values.append(float(seen.value))
    found = [one for one in values if one is not None]
    return max(found, key=lambda value: (condition.excess(value)[0], value), default=None)


def excursion_of(
    rule: AlertRule, timing: Timing, equipment: EquipmentPath, life: Life, extreme: float | None
) -> AlertExcursion | None:
    """What an alert says to quality; nothing before it has fired."""
    asked, condition = rule.deviation, rule.when
    if asked is None or not isinstance(condition, TagIs) or life.phase != "firing":
        return None
    return AlertExcursion(
        severity=asked.severity,
        area=asked.area,
        equipment=equipment,
        concerns="/".join(equipment.split("/")[: _LEVELS[asked.batches_of]]),
        tag=condition.tag,
        fired_at=instant(life.since + timing.wait),
        worst=extreme,
        limit=None if extreme is None else condition.excess(extreme)[1],
    )


def forwarded(told: Iterable[AlertTransition], products: Sequence[str]) -> Iterator[Output]:
    """The excursions that these transitions tell of, once for each product."""
    for one in told:
        if one.excursion is not None:
            for product in products:
                record = _record(one, one.excursion, product)
                yield Output(LAB, record.partition_key(), record.record_id(), record)


def _record(told: AlertTransition, about: AlertExcursion, product: str) -> Excursion:
    return Excursion(
        run=told.run,
        plant_version=told.plant_version,
        site=told.site,
        product=product,
        rule=told.labels["alertname"],
        fingerprint=told.fingerprint,
        **about.model_dump(),
        start=told.starts_at,
        end=told.at if told.state == "resolved" else None,
        at=told.at,
        unit=told.unit,
    )
