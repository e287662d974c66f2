"""The files of rules of a plant, by name."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from plantstream.prometheus.infrastructure import infrastructure
from plantstream.prometheus.pipeline import pipeline
from plantstream.prometheus.plant_rules import written
from plantstream.prometheus.records import recording
from plantstream.prometheus.rule import Rule, alerts_text, records_text
from schemas.plant.model import Plant

RUNBOOKS = "docs/runbooks"


class RuleFiles(NamedTuple):
    """Texts by file name, and names of rules that Prometheus cannot see."""

    texts: Mapping[str, str]
    left_out: Sequence[str]


def rule_files(plant: Plant, runbooks: str = RUNBOOKS) -> RuleFiles:
    """All files of rules of this plant; `runbooks` is where the page of each alert stands."""
    from_plant, groups = written(plant), alert_groups(plant)
    texts = {
        f"{name}_alerts.yml": alerts_text(name, rules, runbooks) for name, rules in groups.items()
    }
    texts["recording.yml"] = records_text("recording", recording(plant.metrics_prefix))
    told = {rule.alert for rules in groups.values() for rule in rules}
    return RuleFiles(texts, [name for name in from_plant.left_out if name not in told])


def alert_groups(plant: Plant) -> Mapping[str, Sequence[Rule]]:
    """The alerts of each file."""
    from_plant = written(plant)
    return {
        "factory": from_plant.factory,
        "quality": from_plant.quality,
        "infrastructure": infrastructure(plant),
        "pipeline": pipeline(),
    }
