"""The plant file whose channels lead to the stand-ins and nowhere else, with local secrets."""

import secrets as chance
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plantstream.simulator.client_side import document_of, with_document
from plantstream.simulator.stand_ins.mailbox import HOST
from schemas.plant.load import PlantFile

_URLS = frozenset({"slack", "teams", "apprise"})
"""Their address is a secret."""
_ENDPOINTS = {
    "twilio_sms": "endpoint",
    "twilio_whatsapp": "endpoint",
    "sns": "endpoint",
    "whatsapp": "endpoint",
    "pagerduty": "endpoint",
    "webhook": "url",
}
_VERSION = {"whatsapp": "/v23.0", "webhook": "/alerts"}
_CREDENTIALS = ("access_key_id", "secret_access_key")


@dataclass(frozen=True, slots=True)
class LocalWays:
    """A plant file, and what a notifier needs beside it."""

    plant: PlantFile
    environment: Mapping[str, str]
    """Every secret that its channels name."""
    secrets: Mapping[str, Mapping[str, str]]
    """The same by channel and field, for those who check them."""


def local_ways(plant: PlantFile, mail_port: int, providers: str, pages: str) -> LocalWays:
    """Mail goes to this port, everything else to this address; links lead to `pages`.

    No channel keeps an address or a secret that is not local: a demo reaches nobody else.
    """
    document = document_of(plant)
    environment: dict[str, str] = {}
    known: dict[str, dict[str, str]] = {}
    for name, channel in (document.get("channels") or {}).items():
        _lead(channel, name, mail_port, providers)
        known[name] = {}
        for field, place, key in list(_secrets_in(channel, "")):
            variable = place[key].get("env") or _variable(name, field)
            value = _url(channel, name, providers) if field == "url" else chance.token_hex(16)
            place[key] = {"env": variable}
            known[name][field] = environment.setdefault(variable, value)
    if document.get("alerts"):
        document["alerts"]["external_url"] = pages
    return LocalWays(with_document(plant, document), environment, known)


def _lead(channel: Any, name: str, mail_port: int, providers: str) -> None:
    kind = channel["type"]
    if kind == "email":
        channel["host"], channel["port"], channel["security"] = HOST, mail_port, "none"
        for needless in ("user", "password", "ca_file"):
            channel.pop(needless, None)
    elif kind in _ENDPOINTS:
        channel[_ENDPOINTS[kind]] = f"{providers}/{name}{_VERSION.get(kind, '')}"
    if kind == "sns":
        for field in _CREDENTIALS:
            channel.setdefault(field, {"env": _variable(name, field)})


def _url(channel: Any, name: str, providers: str) -> str:
    if channel["type"] == "apprise":
        return providers.replace("http://", "json://", 1) + f"/{name}"
    return f"{providers}/{name}"


def _secrets_in(node: Any, path: str) -> Iterator[tuple[str, Any, str]]:
    """Field, and where it stands: a secret is `{env: NAME}` or `{file: PATH}`."""
    for key, value in node.items():
        if isinstance(value, dict):
            field = f"{path}_{key}" if path else key
            if value.keys() in ({"env"}, {"file"}):
                yield field, node, key
            else:
                yield from _secrets_in(value, field)


def _variable(channel: str, field: str) -> str:
    name = f"DEMO_{channel}_{field}".upper()
    return "".join(one if one.isalnum() and one.isascii() else "_" for one in name)
