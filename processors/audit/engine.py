"""Entries of a site to records of its chain, in the order in which they stand in their topic."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from processors.step import Output, Transition
from schemas.audit import FIRST, AuditEntry, AuditRecord, entry_of, record_hash
from schemas.canonical import canonical
from schemas.plant.load import PlantFile
from schemas.topics import AUDIT, AUDIT_ENTRY, AUDIT_STATE

REMEMBERED = 1000
"""Entries of a site by which a repeat is known; an older one gets a number of its own."""
HEAD = "head"
"""The row that says where a chain ends."""
_RECENT = "recent"


@dataclass(frozen=True, slots=True)
class Head:
    """The newest record of a chain."""

    number: int = 0
    hash: str = FIRST


@dataclass(frozen=True, slots=True)
class Chain:
    """What is remembered of a site's chain."""

    site: str
    head: Head = Head()
    recent: Mapping[str, int] = field(default_factory=dict)
    """Numbers of the newest records by what their entries hash to, in their order."""

    @property
    def run(self) -> str:
        """Acts happen live, also those that are about a replay."""
        return ""

    @property
    def plant_version(self) -> str:
        """No plant file says how acts are chained, and no tick changes anything."""
        return ""


class AuditEngine:
    """Implements `processors.step.Engine`: one chain per site."""

    name = "audit"
    inputs = (AUDIT_ENTRY,)
    memory = AUDIT_STATE

    def key_of(self, event: AuditEntry) -> str:
        """The site."""
        return event.site

    def load(self, key: str, rows: Mapping[str, bytes]) -> Chain:
        """The chain that these rows hold; without rows nothing was ever chained."""
        if HEAD not in rows:
            return Chain(key)
        known = (row.split() for name, row in rows.items() if name != HEAD)
        numbered = sorted((int(number), digest.decode()) for number, digest in known)
        return Chain(key, head_of(rows[HEAD]), {digest: number for number, digest in numbered})

    def dump(self, state: Chain) -> dict[str, bytes]:
        """The head, and a ring of rows for repeats: a new record changes two rows."""
        if not state.head.number:
            return {}
        head = {"number": state.head.number, "hash": state.head.hash}
        return {HEAD: json.dumps(head).encode()} | {
            f"{_RECENT}/{number % REMEMBERED}": f"{number} {digest}".encode()
            for digest, number in state.recent.items()
        }

    def advance(
        self, state: Chain, events: Sequence[AuditEntry], plant: PlantFile | None
    ) -> Transition[Chain]:
        """Chain what was not chained yet."""
        del plant
        head, recent = state.head, dict(state.recent)
        outputs: list[Output] = []
        for entry in events:
            told = entry_of(entry)
            text = canonical(told)
            digest = hashlib.sha256(text).hexdigest()
            if digest in recent:
                continue
            record = _record(state.site, head, told, text.decode())
            head = Head(record.number, record.hash)
            recent[digest] = head.number
            if len(recent) > REMEMBERED:
                del recent[next(iter(recent))]
            outputs.append(Output(AUDIT, state.site, record.record_key(), record))
        if not outputs:
            return Transition(state)
        return Transition(Chain(state.site, head, recent), outputs)

    def due(self, state: Chain) -> None:
        """Never."""
        del state

    def tick(self, state: Chain, now: datetime, plant: PlantFile) -> Transition[Chain]:
        """Time alone changes nothing."""
        del now, plant
        return Transition(state)


def head_of(row: bytes) -> Head:
    """The head that a row holds."""
    found = json.loads(row)
    return Head(found["number"], found["hash"])


def _record(site: str, head: Head, told: dict[str, object], text: str) -> AuditRecord:
    number = head.number + 1
    return AuditRecord(
        site=site,
        number=number,
        entry=told,
        previous=head.hash,
        hash=record_hash(site, number, head.hash, text),
    )
