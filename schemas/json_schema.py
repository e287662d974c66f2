"""JSON Schemas of the records and of the plant file, made from the models."""

import ast
import inspect
import textwrap
from itertools import pairwise
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue

from schemas.plant.model import Plant
from schemas.topics import CATALOGUE

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def record_types() -> dict[str, type[BaseModel]]:
    """Every record type of the catalogue by the name it has on the wire."""
    kinds = (kind for topic in CATALOGUE for kind in topic.types)
    return {str(kind.model_fields["type"].default): kind for kind in kinds}


def record_schema(kind: type[BaseModel]) -> Schema:
    """What a record of this type looks like to whoever reads it; it may have further fields."""
    schema = _schema(kind, "serialization")
    schema["required"] = ["type", *schema.get("required", [])]
    return schema


def plant_schema() -> Schema:
    """What a plant file may say, for editors."""
    return _schema(Plant, "validation")


def _schema(model: type[BaseModel], mode: JsonSchemaMode) -> Schema:
    made = model.model_json_schema(mode=mode, schema_generator=_Described)
    return {"$schema": DIALECT, **made}


class _Described(GenerateJsonSchema):
    """Takes descriptions from the texts below the fields, and makes no titles of field names."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's signature
        """A title that repeats the name helps nobody."""
        return False

    def model_schema(self, schema: Any) -> JsonSchemaValue:
        """The model's schema, with the text below each field as its description."""
        made = super().model_schema(schema)
        texts = _texts_below_fields(schema["cls"])
        written = {name: field.alias or name for name, field in schema["cls"].model_fields.items()}
        for name, text in texts.items():
            part = made.get("properties", {}).get(written.get(name))
            if part is not None:
                part.setdefault("description", text)
        return made


def _texts_below_fields(model: type[BaseModel]) -> dict[str, str]:
    found: dict[str, str] = {}
    for parent in reversed(model.__mro__):
        if not issubclass(parent, BaseModel) or parent is BaseModel:
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(parent))).body[0]
        statements = body.body if isinstance(body, ast.ClassDef) else []
        for field, text in pairwise(statements):
            name = _field_name(field)
            if name and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
                found[name] = inspect.cleandoc(str(text.value.value))
    return found


def _field_name(statement: ast.stmt) -> str | None:
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return statement.target.id
    return None
