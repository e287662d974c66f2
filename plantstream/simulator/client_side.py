"""What a client of the simulator needs: the plant file that points to it, and its certificate."""

import io
import shutil
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from plantstream.runtime.errors import MisconfiguredError
from plantstream.simulator.opcua_server import PlantServer
from schemas.plant.load import PlantFile, load_plant
from schemas.plant.sources import OpcUaSource


def pointed_at(
    plant: PlantFile,
    server: PlantServer,
    directory: Path,
    people_port: int = 0,
    seal: str | None = None,
) -> PlantFile:
    """The plant file with its OPC UA source at this simulator; client files go to `directory`.

    Where people state things, they do it at this port; 0: the system chooses one. `seal` is the
    public key of the edge where they sign, in place of the one in the file.

    Raises:
        MisconfiguredError: it has no source, or several.
    """
    name = _only_source(plant)
    document = document_of(plant)
    source = document["sources"][name]
    source["endpoint"] = server.endpoint
    security = source["security"]
    if server.secure:
        security["policy"], security["mode"] = "Basic256Sha256", "SignAndEncrypt"
        security["server_certificate"] = str(server.certificate.certificate.resolve())
        security["certificate"] = str((directory / "client.der").resolve())
        security["private_key"] = str((directory / "client.pem").resolve())
    else:
        security["policy"] = security["mode"] = "None"
    for one in document["sources"].values():
        if one["type"] == "lab" and "http" in one:
            one["http"]["port"] = people_port
    if seal is not None and plant.plant.quality.signatures is not None:
        document["quality"]["signatures"]["keys"] = [seal]
    return with_document(plant, document)


def moved_to(plant: PlantFile, time_zone: str) -> PlantFile:
    """The plant file in another time zone: its shifts are those of the clocks there.

    Raises:
        MisconfiguredError: there is no such time zone.
    """
    document = document_of(plant)
    document["time_zone"] = time_zone
    return with_document(plant, document)


def install_certificate(plant: PlantFile, server: PlantServer) -> Path | None:
    """Put the server's certificate where the plant file expects it; None if it expects none.

    Raises:
        MisconfiguredError: the plant file has no source, or several.
    """
    source = plant.plant.sources[_only_source(plant)]
    wanted = isinstance(source, OpcUaSource) and source.security.server_certificate
    if not wanted or not server.secure:
        return None
    target = Path(wanted).expanduser()
    if target.resolve() != server.certificate.certificate.resolve():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(server.certificate.certificate, target)
    return target


def document_of(plant: PlantFile) -> Any:
    """The plant file's YAML, to be changed."""
    return _yaml().load(plant.text)


def with_document(plant: PlantFile, document: Any) -> PlantFile:
    """The plant file that this YAML makes; its mistakes are told as of the same file."""
    text = io.StringIO()
    _yaml().dump(document, text)
    return load_plant(text.getvalue(), plant.file)


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.width = 10_000
    return yaml


def _only_source(plant: PlantFile) -> str:
    sources = plant.plant.sources
    names = [name for name, one in sources.items() if isinstance(one, OpcUaSource)]
    if len(names) != 1:
        raise MisconfiguredError(
            f"{plant.file} has {len(names)} OPC UA sources: "
            "the simulator stands for exactly one server"
        )
    return names[0]
