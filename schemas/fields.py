"""The fields of a record's JSON Schema as a flat table: path, what may stand there, how surely."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]
_TOLD = frozenset({"$schema", "$defs", "title", "description", "default", "discriminator"})
_INSIDE = frozenset({"properties", "required", "items", "anyOf", "oneOf", "additionalProperties"})
_NULL = {"type": "null"}


@dataclass(frozen=True, slots=True)
class Field:
    """What a schema says of one field; nested ones have dots, those of lists end in `[]`."""

    path: str
    shape: str
    """Type, bounds, pattern, closed list; without what only explains."""
    required: bool
    """Readers may rely on it, as far as its parent is there."""
    always: bool
    """Writers write it: it is required, or has a default that is not null."""


def fields(schema: Schema) -> dict[str, Field]:
    """All fields of a record by path."""
    parts = schema.get("$defs", {})
    return {one.path: one for one in _of_object(schema, parts, "")}


def parent(path: str) -> str:
    """The path of the field in which this one stands; '' is the record itself."""
    return path.rpartition(".")[0]


def _of_object(schema: Schema, parts: Schema, path: str) -> Iterator[Field]:
    required = schema.get("required", [])
    for name, found in schema.get("properties", {}).items():
        field = f"{path}.{name}" if path else name
        part = _put_in_place(found, parts)
        always = name in required or part.get("default") is not None
        yield Field(field, _shape(part, parts), name in required, always)
        yield from _inside(part, parts, field)


def _inside(part: Schema, parts: Schema, path: str) -> Iterator[Field]:
    """What stands in a field: an object, or the elements of a list, or one of several."""
    yield from _of_object(part, parts, path)
    if "items" in part:
        yield from _inside(_put_in_place(part["items"], parts), parts, f"{path}[]")
    if isinstance(part.get("additionalProperties"), dict):
        inner = _put_in_place(part["additionalProperties"], parts)
        yield from _inside(inner, parts, f"{path}{{}}")
    for choice in _choices(part, parts):
        several = len(_choices(part, parts)) > 1 and "title" in choice
        yield from _inside(choice, parts, f"{path}<{choice['title']}>" if several else path)


def _choices(part: Schema, parts: Schema) -> list[Schema]:
    """What may stand here beside null: null is never written, the field is left out."""
    found = [*part.get("anyOf", []), *part.get("oneOf", [])]
    return [_put_in_place(one, parts) for one in found if one != _NULL]


def _shape(part: Schema, parts: Schema) -> str:
    """The rules for the value itself; those of fields in it are told by these."""
    return " | ".join(_shapes(part, parts))


def _shapes(part: Schema, parts: Schema) -> list[str]:
    own = {key: rule for key, rule in part.items() if key not in _TOLD | _INSIDE}
    if "enum" in own:
        own["enum"] = sorted(own["enum"], key=str)
    kind = str(own.pop("type", ""))
    words = [kind, *(f"{key} {json.dumps(rule)}" for key, rule in sorted(own.items()))]
    if "items" in part:
        words.append(f"of {_shape(_put_in_place(part['items'], parts), parts)}")
    inner = part.get("additionalProperties")
    if isinstance(inner, dict):
        words.append(f"of {_shape(_put_in_place(inner, parts), parts)}")
    choices = _choices(part, parts)
    if not choices:
        return [" ".join(filter(None, words)) or "anything"]
    return sorted(one for choice in choices for one in _shapes(choice, parts))


def _put_in_place(part: Schema, parts: Schema) -> Schema:
    """The definition that a reference names, with what stands beside the reference."""
    if "$ref" not in part:
        return part
    beside = {key: rule for key, rule in part.items() if key != "$ref"}
    return {**_put_in_place(parts[part["$ref"].rpartition("/")[2]], parts), **beside}
