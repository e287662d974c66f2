"""`plantstream trust`: the certificates of OPC UA servers that this edge believes."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from plantstream.commands.console import messages, print_json
from plantstream.commands.options import AS_JSON
from plantstream.commands.tables import print_columns, printable

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from ingest.inputs.opcua.trust_list import Entry

DIRECTORY = typer.Option(
    None, help="Directory of the trust list; default: ~/.plantstream/opcua/trusted."
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Say which OPC UA servers this edge believes.", no_args_is_help=True)
    group.command("list")(list_trusted)
    group.command()(add)
    group.command()(remove)
    app.add_typer(group, name="trust")


def list_trusted(directory: Path | None = DIRECTORY, as_json: bool = AS_JSON) -> None:
    """Show every trusted certificate."""
    from ingest.inputs.opcua import trust_list

    rows = [_row(one) for one in trust_list.trusted_in(_folder(directory))]
    if as_json:
        print_json(rows)
    elif rows:
        print_columns(rows)
    else:
        messages.print(f"no certificate is trusted in {_folder(directory)}", markup=False)


def add(
    what: str = typer.Argument(
        metavar="FILE|ENDPOINT", help="A certificate's file, or the server: opc.tcp://host:4840."
    ),
    yes: bool = typer.Option(False, "--yes", help="Do not ask; for scripts that compared before."),
    directory: Path | None = DIRECTORY,
) -> None:
    """Trust a server's certificate, or an issuer's and so all that it signed."""
    from ingest.inputs.opcua import trust_list

    certificate = _certificate(what)
    for name, value in _shown(certificate).items():
        messages.print(f"{name:<12} {printable(value)}", markup=False)
    if not yes:
        typer.confirm("Is this what the server's own configuration shows?", abort=True, err=True)
    entry = trust_list.add(_folder(directory), certificate)
    sys.stdout.write(f"trusted: {entry.fingerprint}\n")


def remove(
    fingerprint: str = typer.Argument(help="SHA-256 of a trusted certificate, or how it begins."),
    directory: Path | None = DIRECTORY,
) -> None:
    """Trust a certificate no longer; running edges notice when they connect again."""
    from ingest.inputs.opcua import trust_list

    entry = trust_list.remove(_folder(directory), fingerprint)
    sys.stdout.write(f"no longer trusted: {entry.fingerprint}\n")


def _folder(directory: Path | None) -> Path:
    from ingest.inputs.opcua.trust_list import DEFAULT_DIRECTORY

    return (directory or DEFAULT_DIRECTORY).expanduser()


def _certificate(what: str) -> "Certificate":
    from ingest.inputs.opcua.certificates import read_certificate
    from ingest.inputs.opcua.discovery import certificate_of

    if what.startswith("opc.tcp://"):
        return asyncio.run(certificate_of(what)).certificate
    return read_certificate(Path(what).expanduser(), "the server's")


def _shown(certificate: "Certificate") -> dict[str, str]:
    from ingest.inputs.opcua.certificates import application_uri_of, der, fingerprint
    from ingest.inputs.opcua.verdict import hosts_of

    return {
        "subject": certificate.subject.rfc4514_string(),
        "issuer": certificate.issuer.rfc4514_string(),
        "application": application_uri_of(certificate) or "none",
        "hosts": ", ".join(hosts_of(certificate)) or "none",
        "valid from": f"{certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC",
        "valid until": f"{certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC",
        "SHA-256": fingerprint(der(certificate)),
    }


def _row(entry: "Entry") -> dict[str, Any]:
    return {
        "sha256": entry.fingerprint,
        "subject": entry.subject,
        "trusts": "what it signed" if entry.is_issuer else "this server",
        "expires": entry.expires.isoformat(),
    }
