"""The page `docs/plant-file.md`: every key of a plant file, made from the models."""

import re
from collections.abc import Iterator
from typing import Any

from schemas.json_schema import Schema, plant_schema

ROOT = "Plant"
_HEAD = """# The plant file, key by key

Made from the models by `python -m schemas.generate`; do not edit. How a file comes into force is
told in [operations](operations.md#the-plant-file), what alerts can say in [alerts](alerts.md). A
small file to begin with is [sample.yaml](../ingest/inputs/opcua/sample.yaml), a whole one
[plant.yaml](../deploy/plants/ninu/plant.yaml). `plantstream check` names every mistake with file
and line. Editors that know JSON Schema complete keys and show these texts, if the first line is
`# yaml-language-server: $schema=schemas/generated/plant.schema.json`.

A name is lower-case letters, digits, `-` and `_`, 40 at most. A span is written `30s`, `5m`,
`1h30m`, `7d`. A key with neither a default nor `-` has to be there.
"""
_WRITTEN = {
    r"^[a-z0-9_-]+$": "name",
    r"^(?:\d+(?:ms|s|m|h|d|w))+$|^0$": "span",
    r"^(?:\d{1,5}[dwy])+$": "days, weeks or years, such as `90d`, `5y`",
    r"^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$": "time of day, `06:00`",
    r"^(\d{4}-\d{2}-\d{2})(?:[ T]((?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00))?$": (
        "day, or local time `2026-03-14 22:00`"
    ),
}
"""What texts of these patterns are."""
_PLAIN = {"string": "text", "integer": "integer", "number": "number", "boolean": "true or false"}
_FORMATS = {"date": "day", "date-time": "local time"}
_LIMITS = (
    ("minimum", "from {}"),
    ("exclusiveMinimum", "above {}"),
    ("maximum", "to {}"),
    ("exclusiveMaximum", "below {}"),
)
_MOST_WORDS = 9
"""Of a list of words that is written out where it is used."""


def plant_page() -> str:
    """The page as Markdown."""
    schema = plant_schema()
    parts = {ROOT: schema, **schema["$defs"]}
    told = "\n".join(_section(name, parts[name]) for name in _in_order(parts))
    return f"{_HEAD}\n{told}"


def _in_order(parts: dict[str, Schema]) -> list[str]:
    """Parts in the order in which somebody who reads from the top meets them."""
    found, waiting = list[str](), [ROOT]
    while waiting:
        name = waiting.pop(0)
        if name in found:
            continue
        found.append(name)
        waiting = [*_references(parts[name].get("properties", {})), *waiting]
    return [name for name in found if "properties" in parts[name]]


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield _name_of(node["$ref"])
        for part in node.values():
            yield from _references(part)
    elif isinstance(node, list):
        for part in node:
            yield from _references(part)


def _name_of(reference: str) -> str:
    return reference.rpartition("/")[2]


def _section(name: str, schema: Schema) -> str:
    needed = schema.get("required", [])
    rows = (
        f"| `{key}` | {_type(part)} | {_default(key, part, needed)} | {_text(part)} |"
        for key, part in schema["properties"].items()
    )
    table = "\n".join(("| key | is | default | |", "|---|---|---|---|", *rows))
    return f"## {name}\n\n{schema['description']}\n\n{table}\n"


def _text(part: Schema) -> str:
    return " ".join(str(part.get("description", "")).split()).replace("|", "\\|")


def _default(key: str, part: Schema, needed: list[str]) -> str:
    if key in needed or "const" in part:
        return ""
    given = part.get("default")
    if given in (None, "", [], {}) or isinstance(given, dict):
        return "-"
    if isinstance(given, bool):
        return str(given).lower()
    return ", ".join(map(str, given)) if isinstance(given, list) else f"{given}"


def _type(part: Schema) -> str:
    if "$ref" in part:
        name = _name_of(part["$ref"])
        return "category" if name == "TimeCategory" else f"[{name}](#{name.lower()})"
    if "const" in part:
        return f"`{part['const']}`"
    if "enum" in part:
        return _words(part["enum"])
    for either in ("anyOf", "oneOf"):
        if either in part:
            kinds = (_type(one) for one in part[either] if one.get("type") != "null")
            return " or ".join(dict.fromkeys(kinds))
    return _simple(part)


def _words(words: list[Any]) -> str:
    listed = [f"`{word}`" for word in words]
    return ", ".join((*listed[:_MOST_WORDS], "…") if len(listed) > _MOST_WORDS else listed)


def _simple(part: Schema) -> str:
    kind = part.get("type")
    if kind == "array":
        return f"list of {_type(part['items'])}" if "items" in part else "list"
    if kind == "object":
        named = [*part.get("patternProperties", {}).values(), part.get("additionalProperties")]
        return f"by name: {_type(named[0])}" if isinstance(named[0], dict) else "any keys"
    if kind == "string":
        return _string(part)
    limits = " ".join(told.format(_short(part[key])) for key, told in _LIMITS if key in part)
    return f"{_PLAIN[kind]} {limits}".strip() if kind in _PLAIN else "any value"


def _string(part: Schema) -> str:
    if "format" in part:
        return _FORMATS.get(part["format"], str(part["format"]))
    return _WRITTEN.get(part.get("pattern", ""), "text")


def _short(number: float) -> str:
    return re.sub(r"\.0$", "", f"{number:,}")
