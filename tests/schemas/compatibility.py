"""Whether readers of one schema stand what writers of another write, and which field breaks it.

A writer is closed: it writes the fields of its schema and no others, always those that are
required or have a default, and leaves out what is null (`schemas.codec.encode`). A reader is open:
it ignores what it does not know. jsoncompat answers yes or no; the walk beside it finds the field,
and sees to patterns and formats, which jsoncompat ignores.
"""

import copy
import json
from collections.abc import Iterator
from enum import Enum
from typing import Any

from jsoncompat import check_compat

Schema = dict[str, Any]
NULL = {"type": "null"}


class Reader(Enum):
    """Who reads: people may build on every field of a released schema, our own code may not."""

    RELEASED = "the released reader"
    NEW = "the new reader"


def breaks(released: Schema, new: Schema) -> list[str]:
    """What keeps new records from released readers, or released records from new readers."""
    return [
        *_unreadable(as_writer(new), as_reader(released), Reader.RELEASED),
        *_unreadable(as_writer(released), as_reader(new), Reader.NEW),
    ]


def as_reader(schema: Schema) -> Schema:
    """The schema with its references put in place, and without the trap of jsoncompat.

    To `oneOf` with a discriminator it says "incompatible" even when both schemas are the same.
    """
    made: Schema = _plain(schema, schema.get("$defs", {}))
    return made


def as_writer(schema: Schema) -> Schema:
    """What `encode` really writes of this schema."""
    made: Schema = _closed(as_reader(schema))
    return made


def is_subset(inner: Schema, outer: Schema) -> bool:
    """Whether jsoncompat says that all values of one schema are values of the other."""
    return check_compat(json.dumps(inner), json.dumps(outer), "deserializer")


def _unreadable(writer: Schema, reader: Schema, who: Reader) -> Iterator[str]:
    found = list(_walk(writer, reader, who, ""))
    yield from found
    if not found and not is_subset(writer, reader):
        yield f"the record as a whole: {who.value} does not read it"


def _walk(writer: Schema, reader: Schema, who: Reader, path: str) -> Iterator[str]:
    choices = reader.get("anyOf", [reader])
    for written in writer.get("anyOf", [writer]):
        if any(not list(_walk_one(written, choice, who, path)) for choice in choices):
            continue
        alike = [choice for choice in choices if choice.get("type") == written.get("type")]
        if len(alike) == 1:
            yield from _walk_one(written, alike[0], who, path)
        else:
            yield f"{path}: {who.value} does not read {_words(written)}"


def _walk_one(writer: Schema, reader: Schema, who: Reader, path: str) -> Iterator[str]:
    if "properties" in writer and "properties" in reader:
        yield from _walk_fields(writer, reader, who, path)
    elif "items" in writer and "items" in reader:
        yield from _walk(writer["items"], reader["items"], who, f"{path}[]")
    elif not is_subset(writer, reader):
        yield f"{path}: {who.value} reads {_words(reader)}, not {_words(writer)}"
    else:
        for rule in ("pattern", "format"):
            if reader.get(rule) not in (None, writer.get(rule)):
                yield f"{path}: {who.value} asks for the {rule} {reader[rule]}"


def _walk_fields(writer: Schema, reader: Schema, who: Reader, path: str) -> Iterator[str]:
    written, read = writer["properties"], reader["properties"]
    for name, schema in read.items():
        field = f"{path}.{name}" if path else name
        if name in written:
            yield from _walk(written[name], schema, who, field)
        elif who is Reader.RELEASED:
            yield f"{field}: was released and is gone"
        if name in reader.get("required", []) and name not in writer.get("required", []):
            yield f"{field}: {who.value} requires it, and it is not always written"


def _plain(node: Any, parts: Schema) -> Any:
    if isinstance(node, list):
        return [_plain(item, parts) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _plain(parts[node["$ref"].rpartition("/")[2]], parts)
    told = ("$defs", "$schema", "description", "title", "discriminator")
    if "properties" in node:
        fields = {name: _plain(part, parts) for name, part in node["properties"].items()}
        rest = {key: part for key, part in node.items() if key not in (*told, "properties")}
        return {**rest, "properties": fields}
    renamed = {"anyOf" if key == "oneOf" else key: part for key, part in node.items()}
    return {key: _plain(part, parts) for key, part in renamed.items() if key not in told}


def _closed(node: Any) -> Any:
    if isinstance(node, list):
        return [_closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "properties" not in node:
        return {key: _closed(part) for key, part in node.items()}
    fields = {name: _closed(_without_null(part)) for name, part in node["properties"].items()}
    always = [name for name, part in node["properties"].items() if part.get("default") is not None]
    required = sorted({*node.get("required", []), *always})
    rest = {key: part for key, part in node.items() if key not in ("properties", "required")}
    return {**rest, "properties": fields, "required": required, "additionalProperties": False}


def _without_null(part: Schema) -> Schema:
    some = [choice for choice in part.get("anyOf", []) if choice != NULL]
    if not some:
        return part
    rest = {key: value for key, value in part.items() if key not in ("anyOf", "default")}
    return copy.deepcopy({**rest, **(some[0] if len(some) == 1 else {"anyOf": some})})


def _words(schema: Schema) -> str:
    told = {key: value for key, value in schema.items() if key not in ("default", "properties")}
    return json.dumps(told, sort_keys=True)
