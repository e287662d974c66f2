"""`plantstream browse`: what an OPC UA server has, and a plant file to begin with."""

import asyncio
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from plantstream.commands.console import messages, print_json
from plantstream.commands.options import AS_JSON
from plantstream.commands.tables import print_columns
from plantstream.runtime.errors import MisconfiguredError

if TYPE_CHECKING:
    from ingest.inputs.opcua.browse import Variable
    from schemas.plant.sources import OpcUaSource

SHOWN = 40
"""Characters of a value that the table shows."""
VARIABLE = "PLANTSTREAM_OPCUA_PASSWORD"
"""Variable of the environment that is read where no file holds the password."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(browse)


def browse(
    endpoint: str = typer.Argument(help="The server: opc.tcp://host:4840."),
    as_yaml: bool = typer.Option(False, "--as-yaml", help="A plant file to begin with, on stdout."),
    below: str = typer.Option("i=85", help="Node to begin at: nsu=<namespace URI>;s=<name>."),
    policy: str = typer.Option("Basic256Sha256", help="Security policy, as in a plant file."),
    mode: str | None = typer.Option(None, help="Sign or SignAndEncrypt (default)."),
    server_certificate: Path | None = typer.Option(
        None, help="The one certificate that the server may show; default: the trust list."
    ),
    trust_list: Path | None = typer.Option(None, help="Directory of the trust list."),
    certificate: Path | None = typer.Option(None, help="Our own certificate."),
    private_key: Path | None = typer.Option(None, help="Its key."),
    user: str | None = typer.Option(
        None, help=f"User; the password is asked for, unless {VARIABLE} has it."
    ),
    password_file: Path | None = typer.Option(None, help="File that holds the password."),
    password_in_clear: bool = typer.Option(False, help="The password may go unencrypted."),
    user_certificate: Path | None = typer.Option(None, help="Who we are, by certificate."),
    user_private_key: Path | None = typer.Option(None, help="Its key."),
    as_json: bool = AS_JSON,
) -> None:
    """Show the variables of an OPC UA server: type, value, unit and access.

    Access is r to read, w to write, h to read its history.
    Trust the server first: plantstream trust add ENDPOINT.
    """
    security = {
        "policy": policy,
        "mode": mode or ("None" if policy == "None" else "SignAndEncrypt"),
        "server_certificate": server_certificate,
        "trust_list": trust_list,
        "certificate": certificate,
        "private_key": private_key,
    }
    source = _source(
        endpoint=endpoint,
        security=_as_written(security),
        user=user,
        password=_kept(password_file) if user is not None else None,
        password_in_clear=password_in_clear,
        **_as_written({"user_certificate": user_certificate, "user_private_key": user_private_key}),
    )
    typed = None
    if user is not None and password_file is None and VARIABLE not in os.environ:
        word: str = typer.prompt(f"Password of {user}", hide_input=True, err=True)
        source, typed = source.model_copy(update={"password": None}), lambda: word
    found = asyncio.run(_variables(source, below, typed))
    _show(source, found, as_yaml=as_yaml, as_json=as_json)


def _show(source: "OpcUaSource", found: "list[Variable]", *, as_yaml: bool, as_json: bool) -> None:
    if as_yaml:
        from ingest.inputs.opcua.skeleton import skeleton

        sys.stdout.write(skeleton(source, found))
    elif as_json:
        print_json([asdict(one) for one in found])
    else:
        print_columns(_row(one) for one in found)
    messages.print(f"{len(found)} variables")


def _kept(file: Path | None) -> dict[str, str]:
    """Where the password is, as a plant file would say it."""
    return {"env": VARIABLE} if file is None else {"file": str(file)}


def _as_written(fields: dict[str, Any]) -> dict[str, str]:
    """The fields that are given, as a plant file would have them."""
    return {name: str(value) for name, value in fields.items() if value is not None}


def _source(**fields: Any) -> "OpcUaSource":
    from pydantic import ValidationError

    from schemas.plant.sources import OpcUaSource

    try:
        return OpcUaSource(type="opcua", **fields)
    except ValidationError as error:
        told = [
            f"{'.'.join(map(str, one['loc']))}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors(include_url=False, include_input=False)
        ]
        raise MisconfiguredError("\n".join(one.removeprefix(": ") for one in told)) from None


async def _variables(
    source: "OpcUaSource", below: str, typed: Callable[[], str] | None
) -> "list[Variable]":
    from ingest.inputs.opcua.browse import variables_of
    from ingest.inputs.opcua.connection import connected
    from ingest.inputs.opcua.trust import access_of

    access = await asyncio.to_thread(access_of, source, "browse")
    if typed is not None:
        access = replace(access, password=typed)
    async with connected(source, access) as connection:
        return await variables_of(connection, below)


def _row(variable: "Variable") -> dict[str, str]:
    return {
        "variable": "/".join(variable.path),
        "type": variable.data_type,
        "value": variable.value[:SHOWN],
        "unit": variable.unit,
        "access": variable.access,
        "node": variable.address,
    }
