"""What changed between two sets of contracts, and whether readers of both stand it.

The promise of `docs/topics.md`: a type may get a new field that is optional or has a default, a
topic a new type. Whatever else happens to a field, type or topic breaks the readers of one side.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.asyncapi import asyncapi_document, schema_file
from schemas.fields import Field, fields, parent
from schemas.json_schema import record_schema, record_types

ASYNCAPI = "asyncapi.json"
_SUFFIX = schema_file("")
_PROMISED = {"partition by": "x-partition-by", "record key": "x-record-key"}
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Contracts:
    """Topics as AsyncAPI has them, and the JSON Schema of each record type."""

    channels: Mapping[str, Any]
    records: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference; `subject` is a topic, a type, or `type.field`."""

    subject: str
    what: str
    compatible: bool


def of_the_code() -> Contracts:
    """What this installation writes and reads."""
    records = {name: record_schema(kind) for name, kind in record_types().items()}
    return Contracts(asyncapi_document()["channels"], records)


def of_files(path: Path) -> Contracts:
    """What stands in a folder of contracts, beside an AsyncAPI document, or in one schema.

    Raises:
        OSError: there is no such file.
        ValueError: it holds no JSON, or no contract.
    """
    if path.name.endswith(_SUFFIX):
        return Contracts({}, {path.name.removesuffix(_SUFFIX): _read(path)})
    document = path / ASYNCAPI if path.is_dir() else path
    said = _read(document)
    if "channels" not in said:
        raise ValueError(f"{document} is no AsyncAPI document: it has no channels")
    files = sorted(document.parent.glob(f"*{_SUFFIX}"))
    records = {file.name.removesuffix(_SUFFIX): _read(file) for file in files}
    return Contracts(said["channels"], records)


def changes(old: Contracts, new: Contracts) -> list[Change]:
    """All differences: topics first, then types, each with its fields.

    Where the old side is a single schema, only its type is compared.
    """
    found = list(_topics(old.channels, new.channels)) if old.channels and new.channels else []
    for name, was in old.records.items():
        if name in new.records:
            found += record_changes(name, was, new.records[name])
        elif new.channels:
            found.append(Change(name, "type is gone", compatible=False))
    if old.channels:
        added = [name for name in new.records if name not in old.records]
        found += [Change(name, "type is new", compatible=True) for name in added]
    return found


def record_changes(name: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> list[Change]:
    """What happened to the fields of one type."""
    old, new = fields(dict(was)), fields(dict(now))
    found: list[Change] = []
    for path in sorted({*old, *new}):
        before, after = old.get(path), new.get(path)
        # Of a field that came or went, those inside it are no news.
        if any(not (_outer(path) in side or not _outer(path)) for side in (old, new)):
            continue
        found += [
            Change(f"{name}.{path}", what, compatible) for what, compatible in _field(before, after)
        ]
    return found


def _outer(path: str) -> str:
    """The field around this one, without what says that it is a list or one of several."""
    found = parent(path)
    while found.endswith(("[]", "{}", ">")):
        found = found[:-2] if not found.endswith(">") else found[: found.rindex("<")]
    return found


def _field(was: Field | None, now: Field | None) -> Iterator[tuple[str, bool]]:
    if was is None and now is not None:
        how = "required" if now.required else "optional"
        yield f"{how} field is new: {now.shape}", not now.required
    elif now is None:
        yield "field is gone", False
    elif was is not None:
        if was.shape != now.shape:
            yield f"{was.shape} -> {now.shape}", False
        if was.required and not now.always:
            yield "was always there, is optional", False
        elif now.required and not was.always:
            yield "was optional, is required", False


def _topics(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name, was in old.items():
        if name not in new:
            yield Change(name, "topic is gone", compatible=False)
        else:
            for what, compatible in _topic(was, new[name]):
                yield Change(name, what, compatible)
    for name in new:
        if name not in old:
            yield Change(name, "topic is new", compatible=True)


def _topic(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    promised = {word: (was[key], now[key]) for word, key in _PROMISED.items()}
    kafka = was["bindings"]["kafka"], now["bindings"]["kafka"]
    promised["partitions"] = kafka[0]["partitions"], kafka[1]["partitions"]
    for word, (before, after) in promised.items():
        if before != after:
            yield f"{word}: {before} -> {after}", False
    types = set(was["messages"]), set(now["messages"])
    yield from ((f"carries {one} no more", False) for one in sorted(types[0] - types[1]))
    yield from ((f"carries {one}, too", True) for one in sorted(types[1] - types[0]))
    kept = [_kept(one["topicConfiguration"]) for one in kafka]
    if kept[0] != kept[1]:
        yield f"kept: {kept[0]} -> {kept[1]}", True
    isolation = was["x-isolation-level"], now["x-isolation-level"]
    if isolation[0] != isolation[1]:
        yield f"isolation level: {isolation[0]} -> {isolation[1]}", True


def _kept(configuration: Mapping[str, Any]) -> str:
    policy = " and ".join(configuration["cleanup.policy"])
    if "retention.ms" not in configuration:
        return policy
    return f"{policy}, {configuration['retention.ms'] / _DAY_MS:g} days"


def _read(file: Path) -> dict[str, Any]:
    said = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(said, dict):
        raise ValueError(f"{file} holds no JSON object")  # noqa: TRY004 - it is the file's fault
    return said
