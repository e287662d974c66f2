"""What the interface says of itself: an OpenAPI document, and a page that needs nothing else."""

from collections.abc import Iterator
from html import escape
from typing import Any

from fastapi import FastAPI

from ingest.inputs.lab.statements import ANY, SAID

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_REF = "#/components/schemas/{model}"
_AUTHOR = {"type": "http", "scheme": "bearer"}
_ACCEPTED = "It is on the edge's disk. What only the stream knows is judged later."
_ANSWERS = {
    400: "The body is no JSON, or a header is wrong.",
    401: "The token is missing or unknown.",
    408: "The body did not come in time.",
    409: "The same id or key came with something else before; nothing was stored.",
    413: "The body is too large.",
    422: "The plant file contradicts; nothing was stored. Every mistake is told.",
    429: "The token comes too often; see Retry-After.",
    503: "The disk does not take it now. Say the same again after Retry-After, with the same id.",
}
_STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;"
    "border-top:1px solid #ccc;padding:.25rem .75rem .25rem 0}code{background:#eee}"
)
_EXAMPLE = """curl -H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: 4711" \\
  -d '{"type": "batch_started", "time": "2026-03-01T06:00:00Z",
       "equipment": "reactor-a", "batch": "B-1"}' ADDRESS/v1/events"""


_ID = {"name": "statement", "in": "path", "required": True, "schema": {"type": "string"}}
_ASKED = {
    200: "It is accepted, or refused with each field and its reason.",
    202: "Nothing is known of it yet.",
    404: "This is no id of a statement.",
    503: "Answers cannot be read now; see Retry-After.",
}
QUESTION: dict[str, Any] = {
    "responses": {code: {"description": about} for code, about in _ASKED.items()},
    "openapi_extra": {"security": [{"token": []}], "parameters": [_ID]},
}
"""What the route says of itself that tells what became of a statement."""


def promises(*, batch: bool) -> dict[str, Any]:
    """What a route says of itself."""
    one = {"$ref": "#/components/schemas/Event"}
    schema = {"type": "array", "items": one, "minItems": 1} if batch else one
    key = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}
    told = "An event's own `id` goes before it. The same again is answered as before, for 7 days."
    refusal = {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
    return {
        "status_code": 202,
        "responses": {202: {"description": _ACCEPTED}}
        | {code: {"description": about, "content": refusal} for code, about in _ANSWERS.items()},
        "openapi_extra": {
            "security": [{"token": []}],
            "parameters": [key | {"description": told}],
            "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        },
    }


def describe(app: FastAPI) -> None:
    """Give the application's document the schemas of what may be stated."""
    schema = ANY.json_schema(ref_template=_REF)
    texts = {"type": "string"}
    told = {"event": {"type": "integer"}, "field": texts, "reason": texts}
    mistake = {"type": "object", "properties": told}
    document = app.openapi()
    parts = document.setdefault("components", {})
    parts["securitySchemes"] = {"token": _AUTHOR}
    parts["schemas"] = {
        **parts.get("schemas", {}),
        **schema.pop("$defs"),
        "Event": schema,
        "Refusal": {
            "type": "object",
            "properties": {"error": texts, "mistakes": {"type": "array", "items": mistake}},
        },
    }
    app.openapi = lambda: document  # type: ignore[method-assign] # FastAPI's way to change it


def page(app: FastAPI) -> str:
    """The interface on one page."""
    title = escape(app.title)
    rows = "".join(
        f"<tr><td>{code}<td>{escape(text)}" for code, text in {202: _ACCEPTED, **_ANSWERS}.items()
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style><h1>{title}</h1>"
        "<p><code>POST /v1/events</code> takes one event, <code>POST /v1/events/batch</code> an"
        " array of events, stored together or not at all. <code>GET /v1/events/STATEMENT</code>"
        " says whether a result, a disposition or a step of a deviation was accepted. For tools:"
        ' <a href="/openapi.json">openapi.json</a>.'
        f"<pre>{escape(_EXAMPLE)}</pre><table><tr><th>answer<th>meaning{rows}</table>"
        + "".join(_sections())
    )


def _sections() -> Iterator[str]:
    for name, kind in SAID.items():
        schema = kind.model_json_schema()
        required = set(schema["required"])
        yield f"<h2>{name}</h2><p>{escape((kind.__doc__ or '').strip())}"
        yield "<table><tr><th>field<th>value<th>meaning"
        for field, part in schema["properties"].items():
            mark = "" if field in required else " (optional)"
            about = escape(str(part.get("description", "")))
            yield f"<tr><td><code>{field}</code>{mark}<td>{escape(_values(part))}<td>{about}"
        yield "</table>"


def _values(part: dict[str, Any]) -> str:
    if "const" in part:
        return str(part["const"])
    if "enum" in part:
        return ", ".join(map(str, part["enum"]))
    if "anyOf" in part:
        return " or ".join(_values(one) for one in part["anyOf"] if one.get("type") != "null")
    return str(part.get("format") or part.get("type") or "object")
