"""Where statements about one product are filed: by batch, or by result where there is no batch."""

import json
from collections.abc import Mapping
from dataclasses import replace

from processors.quality.facts import Action, Decision, Dossier, Version, in_order
from processors.quality.makings import Making, Spell


class Filing:
    """Takes what was remembered, and files more; nothing that was said is ever changed."""

    def __init__(
        self,
        dossiers: Mapping[str, Dossier],
        actions: Mapping[str, tuple[Action, ...]],
        spells: Mapping[str, Spell] | None = None,
    ) -> None:
        self.dossiers, self.actions = dict(dossiers), dict(actions)
        self.spells = dict(spells or {})
        self.touched: set[str] = set()
        """Dossiers that are others than before, or are no more."""
        self.acted_on: set[str] = set()
        """Deviations about which something was done."""
        self._changed: set[str] = set()
        self._acted: set[str] = set()
        self._slots: dict[str, str] | None = None

    def result(self, version: Version) -> None:
        """File a version of a result."""
        key, name = self._place(version)
        dossier = self.dossiers.get(key, Dossier(version.batch))
        known = dossier.groups.get(name, ())
        if all(one.statement != version.statement for one in known):
            groups = {**dossier.groups, name: in_order((*known, version))}
            self._file(key, replace(dossier, groups=groups))

    def decision(self, batch: str, decision: Decision) -> None:
        """File a disposition."""
        dossier = self.dossiers.get(key_of(batch), Dossier(batch))
        if all(one.statement != decision.statement for one in dossier.decisions):
            decisions = (*dossier.decisions, decision)
            self._file(key_of(batch), replace(dossier, decisions=decisions))

    def making(self, batch: str, name: str, making: Making | None) -> None:
        """File when an equipment made a batch; None: it did not."""
        dossier = self.dossiers.get(key_of(batch), Dossier(batch))
        makings = {key: one for key, one in dossier.makings.items() if key != name}
        known = dossier.makings.get(name)
        if making is not None:
            # An end that is known is not unsaid by the beginning that was told before it.
            is_older = known is not None and known.end is not None and making.end is None
            makings[name] = known if is_older and known else making
        if makings != dossier.makings:
            self._file(key_of(batch), replace(dossier, makings=makings))

    def action(self, deviation: str, action: Action) -> None:
        """File a step in the life of a deviation."""
        known = self.actions.get(deviation, ())
        if all(one.statement != action.statement for one in known):
            self.actions[deviation] = (*known, action)
            self._acted.add(deviation)

    def spell(self, name: str, spell: Spell) -> None:
        """File what was told of an excursion: it changes the batches that were made meanwhile."""
        known = self.spells.get(name)
        if known is not None and not spell.is_newer_than(known):
            return
        self.spells[name] = spell
        seen = [spell] if known is None else [spell, known]
        for key, dossier in self.dossiers.items():
            if any(dossier.met(one) is not None for one in seen):
                self._changed.add(key)

    def drain(self) -> tuple[set[str], set[str]]:
        """Dossiers and deviations with news since this was asked last."""
        changed, acted = self._changed, self._acted
        self._changed, self._acted = set(), set()
        self.touched |= changed
        self.acted_on |= acted
        return changed, acted

    def forget(self, key: str) -> None:
        """Keep no more of this."""
        del self.dossiers[key]
        self._changed.add(key)

    def forget_actions(self, deviation: str) -> None:
        """Keep no more of what was done about it."""
        self.actions.pop(deviation, None)

    def forget_spells(self, ended: int, begun: int) -> None:
        """Keep none that ended before the one, or began before the other, and met no batch."""
        for name, spell in list(self.spells.items()):
            is_over = spell.at < (begun if spell.end is None else ended)
            if is_over and all(one.met(spell) is None for one in self.dossiers.values()):
                del self.spells[name]

    def _file(self, key: str, dossier: Dossier) -> None:
        self.dossiers[key] = dossier
        self._changed.add(key)

    def _place(self, version: Version) -> tuple[str, str]:
        """The dossier of a result, and its group in there.

        Where neither batch nor sample is said, corrections find their result by what they name.
        """
        if version.batch is not None:
            return key_of(version.batch), _json([version.test, version.sample])
        if version.sample is not None:
            return _json([None, version.test, version.sample]), ""
        slots = self._known_slots()
        named = version.corrects
        slot = slots.get(named, named) if named is not None else version.statement
        key = _json([None, version.test, None, slot])
        self._adopt(_json([None, version.test, None, version.statement]), key)
        slots[version.statement] = slot
        return key, ""

    def _adopt(self, orphan: str, key: str) -> None:
        """Corrections that came before what they correct belong to its result."""
        if orphan == key or orphan not in self.dossiers:
            return
        versions = self.dossiers[orphan].groups.get("", ())
        self.forget(orphan)
        known = self.dossiers.get(key, Dossier(None))
        self._file(
            key, replace(known, groups={"": in_order((*known.groups.get("", ()), *versions))})
        )
        self._slots = None

    def _known_slots(self) -> dict[str, str]:
        """The first of its result, by statement."""
        if self._slots is None:
            self._slots = {}
            for key, dossier in self.dossiers.items():
                parts = json.loads(key)
                if len(parts) > _OF_SAMPLE:
                    group = dossier.groups.get("", ())
                    self._slots |= {one.statement: parts[-1] for one in group}
        return self._slots


_OF_SAMPLE = 3


def key_of(batch: str) -> str:
    """What the dossier of a batch is called."""
    return _json([batch])


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
