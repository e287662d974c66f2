"""Recorded events through the rules engines, with the time that the events themselves tell."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from processors.rules.board import Note
from processors.rules.equipment import RulesEngine
from processors.rules.plan import RulesPlan, equipment_rules, site_rules
from processors.rules.site import SiteEngine
from processors.rules.state import RulesState
from processors.step import Transition, UnprocessableError
from schemas.alerts import AlertTransition
from schemas.machine import MachineRecord
from schemas.plant.load import PlantFile
from schemas.telemetry import TelemetryFrame

About = tuple[str, str]
"""The path of an equipment or a site, and the key of a rule."""


class Trial:
    """One pass of events under one plant file, whatever file they were recorded under."""

    def __init__(self, plant: PlantFile) -> None:
        self.told: list[AlertTransition] = []
        self.notes: dict[About, list[Note]] = {}
        self.plans: dict[str, RulesPlan] = {}
        self.unknown: set[str] = set()
        """Equipment that the plant file does not know."""
        self._plant = plant
        self._about = ""
        self._engines = RulesEngine(self._watch), SiteEngine(self._watch)
        self._states: dict[str, tuple[RulesEngine | SiteEngine, RulesState]] = {}

    def hear(self, events: Sequence[Any]) -> None:
        """Apply the events in their order; what is due in between is found out at its time."""
        self._plan_all()
        for event in events:
            of_machine = isinstance(event, TelemetryFrame | MachineRecord)
            engine: Any = self._engines[0 if of_machine else 1]
            self._advance(engine, event)
        ends = [time_of(event) for event in events]
        for key in list(self._states) if ends else []:
            engine, state = self._states[key]
            self._keep(key, engine, engine.tick(state, max(ends), self._plant))
        self.told.sort(key=lambda one: (one.at, one.record_id()))

    def _advance(self, engine: Any, event: Any) -> None:
        key = engine.key_of(event)
        self._about = key.partition("|")[2]
        _, state = self._states.get(key) or (engine, engine.load(key, {}))
        try:
            self._keep(key, engine, engine.advance(state, [event], self._plant))
        except UnprocessableError:
            self.unknown.add(self._about)

    def _keep(self, key: str, engine: Any, transition: Transition[RulesState]) -> None:
        self._about = key.partition("|")[2]
        self._states[key] = engine, transition.state
        records = (one.record for one in transition.outputs)
        self.told += [one for one in records if isinstance(one, AlertTransition)]

    def _plan_all(self) -> None:
        plant = self._plant.plant
        self.plans = {
            path: equipment_rules(self._plant, path) for path in map(plant.path_of, plant.equipment)
        }
        self.plans[plant.site_path()] = site_rules(self._plant)

    def _watch(self, note: Note) -> None:
        self.notes.setdefault((self._about, note.key), []).append(note)


def time_of(event: Any) -> datetime:
    """When an event was, or was known last."""
    fields: Mapping[str, Any] = dict(event)
    names = ("source_time", "cleared_at", "end", "raised_at", "start")
    found: datetime = next(fields[name] for name in names if fields.get(name) is not None)
    return found
