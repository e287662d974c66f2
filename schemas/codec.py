"""Bytes to values and back; whatever cannot be read says why."""

from functools import cache
from typing import Annotated, Any, Union

from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from pydantic_core import from_json

from schemas.topics import Topic


class UnreadableError(ValueError):
    """These bytes will never be a record of this topic: bury them and go on."""


def encode(record: BaseModel) -> bytes:
    """The record as JSON; defaults that say nothing are left out."""
    return record.model_dump_json(exclude_none=True).encode()


def decode(topic: Topic, value: bytes | None) -> Any:
    """The record these bytes hold.

    Raises:
        UnreadableError: no JSON, an unknown type or version, or a field that does not fit.
    """
    if value is None:
        raise UnreadableError("the record has no value")
    try:
        return _adapter(topic.types).validate_json(value)
    except ValidationError as error:
        raise UnreadableError(_reason(topic, value, error)) from None


@cache
def _adapter(types: tuple[type[BaseModel], ...]) -> TypeAdapter[Any]:
    if len(types) == 1:
        return TypeAdapter(types[0])
    union: Any = Union[types]  # noqa: UP007 - built from the catalogue at run time
    return TypeAdapter(Annotated[union, Field(discriminator="type")])


def _reason(topic: Topic, value: bytes, error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        return first["msg"].replace("Invalid JSON", "no JSON")[:500]
    head = from_json(value)
    if not isinstance(head, dict):
        return "no JSON object"
    known = {str(kind.model_fields["type"].default) for kind in topic.types}
    name = head.get("type")
    if not isinstance(name, str) or name not in known:
        carried = ", ".join(sorted(known))
        return f"unknown type {str(name)[:80]!r}; {topic.name} carries {carried}"
    if head.get("version", 1) != 1:
        return f"unknown version {str(head['version'])[:20]!r} of {name}; this reader knows 1"
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}"[:500]
