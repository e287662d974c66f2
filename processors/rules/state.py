"""What is remembered of the rules of one equipment or site, and how it is written down."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from processors.rules.life import REST, Episode, Life
from processors.rules.sight import Memory
from processors.rules.signals import Signal, frozen, is_small
from processors.rules.times import NEVER
from schemas.alerts import AlertTransition

_HEAD, _SIGNAL, _RULE, _EXTERNAL = "head", "signal|", "rule|", "external|"


@dataclass(frozen=True)
class Instance:
    """One rule about one thing that is not at rest."""

    life: Life = REST
    memory: Memory = ()
    truth: bool = False
    """The last that was known."""
    at: int = NEVER
    """When it was looked at last; it never goes back."""
    shape: str = ""
    told: AlertTransition | None = None
    """The newest transition, while it is pending or firing."""
    overlay: tuple[str, Signal] | None = None
    """Of a late one: the late fact that holds, in the place of what is known by now."""
    newest: int = NEVER
    """Of a late one: the newest that was known of the same when the last late fact came."""
    closes: int = NEVER
    """Of a late one: once something later than this is heard, no more late facts are expected."""
    worst: float | None = None
    """Of a rule with `deviation`: the value furthest beyond the limit, while its alert is."""

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing would be lost with it."""
        return self.life.is_at_rest and not self.truth and not any(self.memory)

    @cached_property
    def row(self) -> bytes:
        """As it is written down."""
        fields = {
            "life": asdict(self.life),
            "memory": self.memory,
            "truth": self.truth,
            "at": self.at,
            "shape": self.shape,
            "told": self.told and self.told.model_dump(mode="json", exclude_none=True),
            "overlay": self.overlay,
            "newest": self.newest,
            "closes": self.closes,
            "worst": self.worst,
        }
        return _json({name: value for name, value in fields.items() if value is not None})

    @classmethod
    def load(cls, row: bytes) -> "Instance":
        """The instance that this row holds."""
        fields = json.loads(row)
        life = fields.pop("life")
        past = tuple(Episode(*one) for one in life.pop("past"))
        overlay, told = fields.pop("overlay", None), fields.pop("told", None)
        return cls(
            life=Life(**life, past=past),
            memory=frozen(fields.pop("memory")),
            told=None if told is None else AlertTransition.model_validate(told),
            overlay=None if overlay is None else (overlay[0], _signal(overlay[1])),
            **fields,
        )


@dataclass(frozen=True)
class External:
    """An alert of another sender that fires, or was resolved a while ago."""

    told: AlertTransition
    sender: str
    ends: int | None = None
    """When it is resolved unless its sender repeats it; of a resolved one, when it is forgotten."""

    @cached_property
    def row(self) -> bytes:
        """As it is written down."""
        told = self.told.model_dump(mode="json", exclude_none=True)
        return _json({"told": told, "sender": self.sender, "ends": self.ends})

    @classmethod
    def load(cls, row: bytes) -> "External":
        """What this row holds."""
        fields = json.loads(row)
        return cls(AlertTransition.model_validate(fields["told"]), fields["sender"], fields["ends"])


@dataclass(frozen=True, slots=True)
class RulesState:
    """One equipment, or one site, in one run."""

    run: str
    about: str
    """Path of the equipment, or of the site."""
    plant_version: str = ""
    born: int = NEVER
    """When the first thing was heard."""
    seen: int = NEVER
    """The newest time that was heard of."""
    marks: Mapping[str, int] = field(default_factory=dict)
    """The last `seq` that was applied, by source, epoch and topic."""
    signals: Mapping[str, Signal] = field(default_factory=dict)
    instances: Mapping[str, Instance] = field(default_factory=dict)
    external: Mapping[str, External] = field(default_factory=dict)
    next_due: int | None = None
    """When a tick has something to find out."""
    dues: Mapping[str, int] | None = None
    """The same by rule; not written down, because it follows from the others."""


def dump(state: RulesState) -> dict[str, bytes]:
    """The state as rows: a head, one per rule that is not at rest, one per larger signal."""
    if not state.plant_version:
        return {}
    small = {name: one for name, one in state.signals.items() if is_small(name)}
    head = {
        "plant_version": state.plant_version,
        "born": state.born,
        "seen": state.seen,
        "marks": state.marks,
        "next_due": state.next_due,
        "signals": small,
    }
    rows = {_HEAD: _json(head)}
    rows |= {_SIGNAL + k: _json(one) for k, one in state.signals.items() if k not in small}
    rows |= {_RULE + name: one.row for name, one in state.instances.items()}
    rows |= {_EXTERNAL + name: one.row for name, one in state.external.items()}
    return rows


def load(run: str, about: str, rows: Mapping[str, bytes]) -> RulesState:
    """The state that these rows hold."""
    if _HEAD not in rows:
        return RulesState(run, about)
    head = json.loads(rows[_HEAD])
    signals = {name: _signal(one) for name, one in head.pop("signals").items()}
    signals |= {name: _signal(json.loads(row)) for name, row in _under(_SIGNAL, rows)}
    return RulesState(
        run,
        about,
        signals=signals,
        instances={name: Instance.load(row) for name, row in _under(_RULE, rows)},
        external={name: External.load(row) for name, row in _under(_EXTERNAL, rows)},
        **head,
    )


def _under(prefix: str, rows: Mapping[str, bytes]) -> list[tuple[str, bytes]]:
    found = ((name, row) for name, row in rows.items() if name.startswith(prefix))
    return [(name.removeprefix(prefix), row) for name, row in found]


def _signal(fields: list[Any]) -> Signal:
    return Signal(fields[0], frozen(fields[1]))


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
