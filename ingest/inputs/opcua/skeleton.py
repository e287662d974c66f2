"""A plant file to begin with, from the variables of a server."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from ingest.inputs.opcua.browse import Variable
from schemas.plant.sources import OpcUaSource

MARK = re.compile(r'"<[^>"]*>"')
"""What a person has to fill in."""

LONGEST_NAME = 34
"""Characters, so that a number fits in behind."""

_HEAD = """\
# Fill in what stands in <…>, then: plantstream check FILE
enterprise: "<enterprise>"
site: "<site>"
name: "<name of the plant>"
time_zone: "<time zone, such as Europe/Berlin>"
sources:
  server:
    type: opcua
    endpoint: {endpoint}
    security: {{{security}}}
calendars:
  work:  # correct it: when is the plant meant to produce?
    shifts:
      - {{name: day, days: all, start: "00:00", end: "24:00"}}
equipment:
"""
_EQUIPMENT = """\
  - id: {id}
    area: "<area>"
    line: "<line>"
    source: server
    calendar: work
    tags:  # say of some what they mean: state (with states), good_count, scrap_count, batch, …
"""


def skeleton(source: OpcUaSource, variables: Sequence[Variable]) -> str:
    """The text of a plant file; each object with variables becomes an equipment."""
    security = source.security.model_dump(exclude_none=True)
    said = ", ".join(f"{key}: {json.dumps(value)}" for key, value in security.items())
    text = _HEAD.format(endpoint=json.dumps(source.endpoint), security=said)
    names: set[str] = set()
    for path, found in _by_object(variables).items():
        text += _EQUIPMENT.format(id=_unique(path[-1] if path else "server", names))
        text += "".join(_tags(found))
    return text


def _by_object(variables: Sequence[Variable]) -> Mapping[tuple[str, ...], list[Variable]]:
    found: dict[tuple[str, ...], list[Variable]] = {}
    for one in variables:
        found.setdefault(one.path[:-1], []).append(one)
    return {path: ones for path, ones in found.items() if any(one.usable for one in ones)}


def _tags(variables: Sequence[Variable]) -> Iterator[str]:
    names: set[str] = set()
    for one in variables:
        if not one.usable:
            yield f"      # {json.dumps(one.path[-1])} is {one.value}: it can be no tag\n"
            continue
        unit = f", unit: {json.dumps(one.unit, ensure_ascii=False)}" if one.unit else ""
        name = _unique(one.path[-1], names)
        yield f"      - {{name: {name}, node: {json.dumps(one.address)}{unit}}}"
        yield f"  # {one.data_type} {one.access}\n"


def _unique(text: str, taken: set[str]) -> str:
    """The text as a name of the plant file that is not taken yet."""
    plain = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:LONGEST_NAME] or "x"
    name, number = plain, 1
    while name in taken:
        number += 1
        name = f"{plain}_{number}"
    taken.add(name)
    return json.dumps(name)
