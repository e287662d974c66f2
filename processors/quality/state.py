"""What the quality engine remembers of one product, and how it is written down in small rows."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from processors.quality.facts import Action, Decision, Dossier, Sealed, Version
from processors.quality.filing import Filing
from processors.quality.live import Live
from processors.quality.makings import Making, Spell
from processors.rules.state import RulesState, dump as dump_rules, load as load_rules
from processors.rules.times import NEVER

_HEAD, _RULES = "head", "rules|"
_GROUP, _BATCH, _ACTIONS, _SPELL = "group|", "batch|", "actions|", "excursion|"
_AUDITED = "audited|"
_KEPT = (_GROUP, _BATCH, _ACTIONS, _SPELL)


@dataclass(frozen=True, slots=True)
class QualityState:
    """One product of a site in one run."""

    run: str
    about: str
    """Site and product."""
    plant_version: str = ""
    as_of: int = NEVER
    """Until when time has passed, by source times and ticks."""
    heard_at: int = NEVER
    """Until when the edges' time has passed, by ingest times and ticks."""
    next_due: int | None = None
    """When a tick has something to find out."""
    dossiers: Mapping[str, Dossier] = field(default_factory=dict)
    actions: Mapping[str, tuple[Action, ...]] = field(default_factory=dict)
    """By deviation."""
    spells: Mapping[str, Spell] = field(default_factory=dict)
    """Excursions by alert and beginning."""
    audited: frozenset[str] = frozenset()
    """Entries that were told: each once, also under other plant files."""
    rules: RulesState = field(default_factory=lambda: RulesState("", ""))
    live: Live | None = None
    """All that follows from the others; not written down."""
    rows: Mapping[str, bytes] = field(default_factory=dict)
    """Dossiers, actions and excursions, written down."""

    @property
    def site(self) -> str:
        """Enterprise and site."""
        return "/".join(self.about.split("/")[:2])

    @property
    def product(self) -> str:
        """The product's id."""
        return self.about.split("/", 2)[2]


def dump(state: QualityState) -> dict[str, bytes]:
    """The state as rows: a head, one per result, batch and deviation, and those of the rules."""
    if not state.plant_version:
        return {}
    head = {
        "plant_version": state.plant_version,
        "as_of": state.as_of,
        "heard_at": state.heard_at,
        "next_due": state.next_due,
    }
    rules = {_RULES + name: row for name, row in dump_rules(state.rules).items()}
    audited = {_AUDITED + name: b"1" for name in state.audited}
    return {_HEAD: _json(head), **state.rows, **audited, **rules}


def load(run: str, about: str, rows: Mapping[str, bytes]) -> QualityState:
    """The state that these rows hold."""
    rules = load_rules(run, about, dict(_under(_RULES, rows)))
    if _HEAD not in rows:
        return QualityState(run, about, rules=rules)
    kept = {name: row for name, row in rows.items() if name.startswith(_KEPT)}
    return QualityState(
        run,
        about,
        **json.loads(rows[_HEAD]),
        dossiers=_dossiers(rows),
        actions={
            name: tuple(_action(one) for one in json.loads(row))
            for name, row in _under(_ACTIONS, rows)
        },
        spells={name: Spell(*json.loads(row)) for name, row in _under(_SPELL, rows)},
        audited=frozenset(name for name, _ in _under(_AUDITED, rows)),
        rules=rules,
        rows=kept,
    )


def rows_after(before: QualityState, filing: Filing) -> dict[str, bytes]:
    """The rows of what is filed now."""
    rows = dict(before.rows)
    for key in filing.touched:
        old = before.dossiers.get(key)
        for name in old.groups if old else ():
            rows.pop(_group_row(key, name), None)
        rows.pop(_BATCH + key, None)
        if key in filing.dossiers:
            rows |= _dossier_rows(key, filing.dossiers[key])
    for name in filing.acted_on & filing.actions.keys():
        rows[_ACTIONS + name] = _json(filing.actions[name])
    for name in _forgotten(before, filing):
        del rows[name]
    for name, spell in filing.spells.items():
        if before.spells.get(name) != spell:
            rows[_SPELL + name] = _json(spell)
    return rows


def _forgotten(before: QualityState, filing: Filing) -> Iterator[str]:
    """The rows of actions and excursions that are kept no more."""
    yield from (_ACTIONS + name for name in before.actions.keys() - filing.actions.keys())
    yield from (_SPELL + name for name in before.spells.keys() - filing.spells.keys())


def _dossier_rows(key: str, dossier: Dossier) -> Iterator[tuple[str, bytes]]:
    """One for the batch, and one for each of its results."""
    yield _BATCH + key, _json([dossier.batch, dossier.makings, dossier.decisions])
    for name, group in dossier.groups.items():
        yield _group_row(key, name), _json([key, name, group])


def _group_row(key: str, name: str) -> str:
    return _GROUP + json.dumps([key, name], separators=(",", ":"), ensure_ascii=False)


def _dossiers(rows: Mapping[str, bytes]) -> dict[str, Dossier]:
    found: dict[str, Dossier] = {}
    for key, row in _under(_BATCH, rows):
        batch, makings, decisions = json.loads(row)
        found[key] = Dossier(
            batch,
            makings={name: Making(*one) for name, one in makings.items()},
            decisions=tuple(_decision(one) for one in decisions),
        )
    groups: dict[str, dict[str, tuple[Version, ...]]] = {}
    for _, row in _under(_GROUP, rows):
        key, name, group = json.loads(row)
        groups.setdefault(key, {})[name] = tuple(_version(one) for one in group)
    return {key: replace(one, groups=groups.get(key, {})) for key, one in found.items()}


def _version(fields: list[Any]) -> Version:
    version = Version(*fields)
    return version._replace(origin=_origin(version.origin), sealed=_sealed(version.sealed))


def _decision(fields: list[Any]) -> Decision:
    decision = Decision(*fields)
    kept = decision._replace(origin=_origin(decision.origin), roles=tuple(decision.roles))
    return kept._replace(sealed=_sealed(kept.sealed))


def _action(fields: list[Any]) -> Action:
    action = Action(*fields)
    kept = action._replace(origin=_origin(action.origin), roles=tuple(action.roles))
    return kept._replace(sealed=_sealed(kept.sealed))


def _sealed(fields: Any) -> Sealed:
    sealed = Sealed(*fields)
    return sealed._replace(roles=tuple(sealed.roles))


def _origin(fields: Any) -> tuple[str, str, int]:
    source, epoch, seq = fields
    return source, epoch, seq


def _under(prefix: str, rows: Mapping[str, bytes]) -> list[tuple[str, bytes]]:
    found = ((name, row) for name, row in rows.items() if name.startswith(prefix))
    return [(name.removeprefix(prefix), row) for name, row in found]


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
