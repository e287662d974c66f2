"""compose.yaml as the tests read it: its services, and what they name."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
FILE = DEPLOY / "compose.yaml"
VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z_]+)(?::([-?])([^}]*))?\}")
MADE_BY_SCRIPT = "./secrets/"

Service = Mapping[str, Any]


def document() -> Any:
    """The file; YAML of version 1.2, anchors resolved."""
    return YAML(typ="safe", pure=True).load(FILE.read_text("utf-8"))


DOCUMENT = document()
SERVICES: Mapping[str, Service] = DOCUMENT["services"]


def is_ours(service: Service) -> bool:
    return str(service["image"]).startswith("plantstream:")


def is_once(service: Service) -> bool:
    """Whether it does its work and ends."""
    return str(service["restart"]).startswith("on-failure")


OURS = {name: one for name, one in SERVICES.items() if is_ours(one)}
RUNNING = {name: one for name, one in SERVICES.items() if not is_once(one)}


def given(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables as compose sets them."""

    def value(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        return values.get(name) or (rest if kind == "-" else "")

    return VARIABLE.sub(value, text).replace("$$", "$")


def example() -> dict[str, str]:
    """The variables of the example that people copy."""
    lines = (DEPLOY / ".env.example").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def command(service: Service, values: Mapping[str, str] | None = None) -> list[str]:
    return [given(word, values or example()) for word in service["command"]]


def mounts(service: Service) -> Iterator[tuple[str, str, str]]:
    """Source, target and options of each volume."""
    for one in service.get("volumes", ()):
        source, target, *options = given(one, example()).split(":")
        yield source, target, "".join(options)


def targets(service: Service) -> set[str]:
    """Every path at which something is mounted into the container."""
    configs = {one["target"] for one in service.get("configs", ())}
    secrets = {f"/run/secrets/{one}" for one in service.get("secrets", ())}
    return configs | secrets | {target for _, target, _ in mounts(service)}


def host_path(source: str) -> Path:
    return Path(os.path.normpath(DEPLOY / source))


def texts(part: object) -> Iterator[str]:
    """Every text in a part of the document."""
    match part:
        case str():
            yield part
        case Mapping():
            for key, value in part.items():
                yield from texts(key)
                yield from texts(value)
        case list():
            for one in part:
                yield from texts(one)
        case _:
            pass
