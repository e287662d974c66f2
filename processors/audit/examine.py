"""A stored chain against its own hashes and against anchors that were kept elsewhere."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Literal

from pydantic_core import from_json

from schemas.audit import FIRST, Anchor, StoredRecord, record_hash

Kind = Literal["changed", "missing", "inserted", "truncated", "forked", "anchor"]
MOST_FINDINGS = 1000
"""Kept with their words; all are counted."""
_NUL = "\u2400"
"""What the database has for U+0000, which it forbids."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written."""

    kind: Kind
    site: str
    number: int
    """The first record that it concerns."""
    last: int
    at: datetime | None
    """Time of the record, or of the nearest one that is there."""
    told: str


@dataclass(slots=True)
class Findings:
    """What an examination found, and how much it looked at."""

    records: int = 0
    anchors: int = 0
    """Anchors that agree."""
    count: int = 0
    heads: dict[str, int] = field(default_factory=dict)
    """Newest number per site."""
    found: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """Count it, and keep its words while there is room."""
        self.count += 1
        if len(self.found) < MOST_FINDINGS:
            self.found.append(finding)


def examine(records: Iterable[StoredRecord], anchors: Sequence[Anchor] = ()) -> Findings:
    """Look at all records, which come by site and number; the anchors' signatures were verified."""
    findings = Findings()
    by_site: dict[str, dict[int, list[Anchor]]] = {}
    for anchor in anchors:
        by_site.setdefault(anchor.site, {}).setdefault(anchor.number, []).append(anchor)
    for site, of_site in groupby(records, key=lambda record: record.site):
        walk = _Walk(site, by_site.pop(site, {}), findings)
        for number, same in groupby(of_site, key=lambda record: record.number):
            walk.step(number, tuple(same))
        walk.end()
    for site, left in by_site.items():
        _Walk(site, left, findings).end()
    return findings


class _Walk:
    """Along the chain of one site."""

    def __init__(
        self, site: str, anchors: Mapping[int, Sequence[Anchor]], findings: Findings
    ) -> None:
        self._site, self._findings = site, findings
        self._anchors = anchors
        self._number = 0
        self._heads = frozenset({FIRST})
        """What the next record may name as the one before; empty: nobody knows."""
        self._at: datetime | None = None
        self._agreed = 0
        """The newest record that an anchor agrees with."""
        self._departed = False

    def step(self, number: int, same: tuple[StoredRecord, ...]) -> None:
        """All records that bear this number."""
        self._findings.records += len(same)
        at = same[0].at
        if number < 1:
            self._tell("inserted", number, number, at, "no chain has a record of this number")
            return
        if number > self._number + 1:
            before = _when(self._at) if self._number else "the beginning"
            told = f"nothing is stored between {before} and {_when(at)}"
            self._tell("missing", self._number + 1, number - 1, at, told)
            self._heads = frozenset()
        computed = [_computed(record) for record in same]
        if len(same) > 1 or _wrong(same[0], computed[0]) or same[0].previous not in self._heads:
            self._judge(number, same, computed)
        self._compare(number, same)
        self._number, self._at = number, at
        # A record that was changed is followed by its own hash or by what it hashes to now.
        self._heads = frozenset({record.hash for record in same}) | frozenset(computed)

    def end(self) -> None:
        """Nothing more is stored of this site."""
        self._findings.heads[self._site] = self._number
        newest = max(self._anchors, default=0)
        if newest > self._number:
            signed = self._anchors[newest][0].at
            told = f"the anchor of {_when(signed)} has record {newest}; the last one here is "
            told += f"{self._number} of {_when(self._at)}" if self._number else "none"
            self._tell("truncated", self._number + 1, newest, self._at, told)

    def _judge(self, number: int, same: tuple[StoredRecord, ...], computed: Sequence[str]) -> None:
        wrong = [_wrong(one, hashed) for one, hashed in zip(same, computed, strict=True)]
        sound = [one for one, what in zip(same, wrong, strict=True) if not what]
        linked = [one for one in sound if not self._heads or one.previous in self._heads]
        for record, what in zip(same, wrong, strict=True):
            if what:
                kind: Kind = "inserted" if linked else "changed"
                self._tell(kind, number, number, record.at, f"{what}; {_named(record)}")
        for record in sound:
            if record not in linked:
                told = (
                    f"it does not follow record {number - 1} as that is stored: one of them was "
                    f"put in another's place; {_named(record)}"
                )
                self._tell("inserted" if linked else "forked", number, number, record.at, told)
        if len(linked) > 1:
            told = "two chains go on from the same record: " + "; ".join(map(_named, linked))
            self._tell("forked", number, number, linked[0].at, told)

    def _compare(self, number: int, same: tuple[StoredRecord, ...]) -> None:
        """With the anchors of this number; after the first that disagrees all others do."""
        for anchor in self._anchors.get(number, ()):
            if anchor.hash in {record.hash for record in same}:
                self._findings.anchors += 1
                self._agreed = number
            elif not self._departed:
                self._departed = True
                told = (
                    f"the anchor of {_when(anchor.at)} has another record {number}: what stands "
                    f"after record {self._agreed}, where an anchor last agreed, was written anew"
                )
                self._tell("forked", self._agreed + 1, number, same[0].at, told)

    def _tell(self, kind: Kind, first: int, last: int, at: datetime | None, told: str) -> None:
        self._findings.add(Finding(kind, self._site, first, last, at, told))


def _computed(record: StoredRecord) -> str:
    return record_hash(record.site, record.number, record.previous, record.entry)


def _wrong(record: StoredRecord, computed: str) -> str:
    """What of a record contradicts itself, in words; '' if nothing does."""
    if computed != record.hash:
        return "its content is not what its hash was made of"
    try:
        entry = from_json(record.entry)
        differ = [name for name, same in _REPEATED.items() if not same(record, entry)]
    except (ValueError, TypeError, AttributeError, RecursionError):
        return "its content is no entry"
    if differ:
        return f"{', '.join(differ)} beside its content say something else than the content does"
    return ""


def _same(name: str) -> Callable[[StoredRecord, dict[str, object]], bool]:
    def same(record: StoredRecord, entry: dict[str, object]) -> bool:
        said = entry.get(name)
        shown = said.replace("\0", _NUL) if isinstance(said, str) else said
        return bool(getattr(record, name) == shown)

    return same


def _same_time(record: StoredRecord, entry: dict[str, object]) -> bool:
    return record.at == datetime.fromisoformat(str(entry.get("at")))


_REPEATED: Mapping[str, Callable[[StoredRecord, dict[str, object]], bool]] = {
    "at": _same_time,
    **{name: _same(name) for name in ("id", "actor", "action", "subject", "reason")},
}


def _named(record: StoredRecord) -> str:
    return f"{record.action} of {record.subject} by {record.actor}, {_when(record.at)}"


def _when(at: datetime | None) -> str:
    return "no time" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"
