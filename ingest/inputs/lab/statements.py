"""What may be stated: every record that people make, without what the edge adds to it. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, Union

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    create_model,
    field_validator,
)

from schemas.acts import Acknowledgement, Silence
from schemas.lab import DeviationAction, Disposition, SignedRecord, TestResult
from schemas.machine import BatchEnded, BatchStarted
from schemas.manual import (
    AndonCleared,
    AndonRaised,
    MaintenanceEnded,
    MaintenanceStarted,
    PartsReported,
    StopReasonGiven,
)
from schemas.mistakes import did_you_mean
from schemas.record import Envelope, Statement, UtcTime

KINDS: tuple[type[Envelope], ...] = (
    TestResult,
    Disposition,
    DeviationAction,
    StopReasonGiven,
    PartsReported,
    AndonRaised,
    AndonCleared,
    MaintenanceStarted,
    MaintenanceEnded,
    BatchStarted,
    BatchEnded,
    Acknowledgement,
    Silence,
)
BY_TYPE = {str(kind.model_fields["type"].default): kind for kind in KINDS}
SIGNED = [name for name, kind in BY_TYPE.items() if issubclass(kind, SignedRecord)]
"""What may be signed, by `type`."""
TIMES = ("time", "sample_time", "start", "end", "starts_at", "ends_at")
"""Fields that are instants."""
_WRITTEN = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")
_OF_THE_EDGE = {*Envelope.model_fields, *Statement.model_fields, "site", "equipment", "roles"}
"""Nobody says of himself what he may do."""
_VALUE = {"number", "text"}
_MAX_ID = 200


@dataclass(frozen=True, slots=True)
class Mistake:
    """A field, and why it cannot be so."""

    field: str
    reason: str


class RefusedError(Exception):
    """This will never be a record: here is each of its mistakes."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("; ".join(f"{one.field}: {one.reason}" for one in self.mistakes))


class Said(BaseModel):
    """One statement as its author writes it; unknown fields are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    id: str | None = Field(default=None, min_length=1, max_length=_MAX_ID)
    """The author's own id; the same one again changes nothing."""
    time: UtcTime
    """When it happened, such as 2026-03-01T06:00:00Z."""

    @field_validator(*TIMES, mode="before", check_fields=False)
    @classmethod
    def _written_out(cls, value: object) -> object:
        """Digits alone would be read as seconds since 1970."""
        if not isinstance(value, str):
            return value
        try:
            return datetime.fromisoformat(_WRITTEN.match(value)[0])  # type: ignore[index]
        except (TypeError, ValueError):
            raise ValueError("write a time as 2026-03-01T06:00:00Z") from None


def _said(kind: type[Envelope]) -> type[Said]:
    fields: dict[str, Any] = {
        "type": (Literal[kind.model_fields["type"].default], kind.model_fields["type"])
    }
    if "equipment" in kind.model_fields:
        fields["equipment"] = (str, Field(min_length=1, max_length=200))
    skipped = _OF_THE_EDGE | fields.keys()
    if kind is TestResult:
        # Texts stay texts: a row's cell 6.50 may be the result of a test whose results are texts.
        about = "A number, or a text such as <0.05."
        fields["value"] = (str | float, Field(description=about, union_mode="left_to_right"))
        skipped |= _VALUE
    for name, field in kind.model_fields.items():
        if name not in skipped:
            fields[name] = (field.annotation, field)
    return create_model(f"{kind.__name__}Said", __base__=Said, __doc__=kind.__doc__, **fields)


SAID: Mapping[str, type[Said]] = {name: _said(kind) for name, kind in BY_TYPE.items()}
"""What may be stated, by `type`."""
_UNION: Any = Union[tuple(SAID.values())]  # noqa: UP007 - made at run time
ANY: TypeAdapter[Any] = TypeAdapter(Annotated[_UNION, Field(discriminator="type")])
FIELDS = frozenset(name for kind in SAID.values() for name in kind.model_fields)
"""Every field that some statement has: what a column of a file may be called."""


def from_json(raw: bytes) -> Said:
    """The statement in this JSON object; types are taken as they are written.

    Raises:
        RefusedError: with every mistake.
    """
    try:
        said: Said = ANY.validate_json(raw, strict=True)
    except ValidationError as error:
        raise RefusedError(mistakes(error)) from None
    return said


def from_texts(cells: Mapping[str, str]) -> Said:
    """The statement of a row of texts, in which empty ones say nothing.

    Raises:
        RefusedError: with every mistake.
    """
    given = {name: text for name, text in cells.items() if text}
    try:
        said: Said = ANY.validate_strings({"type": "test_result", **given})
    except ValidationError as error:
        raise RefusedError(mistakes(error)) from None
    return said


def mistakes(error: ValidationError) -> list[Mistake]:
    """What pydantic found, a line per field, in words that help."""
    found: dict[str, str] = {}
    for one in error.errors(include_url=False, include_input=False):
        place = [str(part) for part in one["loc"]]
        known = SAID.get(place[0]) if place else None
        if known is not None:
            place = place[1:]
        if place and place[-1] in {"float", "str"}:
            place = place[:-1]
        field = ".".join(place) or ("type" if one["type"].startswith("union_tag") else "")
        found.setdefault(field, _reason(one, field, known))
    return [Mistake(field, reason) for field, reason in found.items()]


def _reason(one: Any, field: str, known: type[Said] | None) -> str:
    kinds = ", ".join(SAID)
    match one["type"]:
        case "missing":
            return "is missing"
        case "union_tag_not_found":
            return f"is missing; it is one of {kinds}"
        case "union_tag_invalid":
            return f"is one of {kinds}"
        case "extra_forbidden":
            hint = did_you_mean(field, known.model_fields if known else ())
            return f"unknown field; {hint}" if hint else "unknown field"
        case "string_type" | "float_type" if field == "value":
            return "has to be a number or a text"
        case _:
            text = str(one["msg"]).removeprefix("Value error, ")
            return text.removeprefix("Input ").replace("should be", "has to be")[:300]


def times_of(fields: Mapping[str, Any]) -> Iterable[tuple[str, datetime]]:
    """The instants among a statement's fields, with their names."""
    for name in TIMES:
        at = fields.get(name)
        if at is not None:
            yield name, at
