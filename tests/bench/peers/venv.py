"""The peers live in a venv of their own under `build/`: the project never needs them."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from plantstream.runtime.errors import UnavailableError

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "build" / "peers"
LOCK = Path(__file__).with_name("requirements.txt")
_STORE = Path("/etc/ssl/certs/ca-certificates.crt")
_MARK = "installed.txt"


def python_of_peers(folder: Path = FOLDER) -> Path:
    """The interpreter that has them; they are installed where they are not, or are others.

    Raises:
        UnavailableError: the package index does not give them.
    """
    python, mark = folder / "bin" / "python", folder / _MARK
    if not (mark.exists() and mark.read_bytes() == LOCK.read_bytes()):
        _run(sys.executable, "-m", "venv", "--clear", str(folder))
        quiet = ("--quiet", "--disable-pip-version-check", "--require-hashes")
        _run(str(python), "-m", "pip", "install", *quiet, "-r", str(LOCK))
        mark.write_bytes(LOCK.read_bytes())
    return python


def _run(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, env=_environment(), check=False)
    if done.returncode:
        raise UnavailableError(f"the peers could not be installed: {done.stderr.strip()[-500:]}")


def _environment() -> Mapping[str, str]:
    """With the system's authorities, where a company inspects TLS."""
    store = Path(os.environ.get("SSL_CERT_FILE", _STORE))
    known = {"PIP_CERT": str(store)} if store.is_file() else {}
    return {**known, **os.environ}
