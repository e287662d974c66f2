"""node-opcua, an independent OPC UA server, as a process that tests drive."""

import asyncio
import hashlib
import json
import select
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from ingest.inputs.opcua.certificates import OwnCertificate
from plantstream.embedded.cache import Recipe, ensure
from plantstream.embedded.places import cache_dir
from tests.ingest.inputs.opcua.authority import Wanted, issue

VERSION = "2.160.0"
NAMESPACE = "urn:test:plant"
URI = "urn:test:node-opcua"
POLICIES = ("Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss")
ANSWER_WITHIN_S = 60.0

_PEER = Path(__file__).parents[3] / "peers" / "opcua"


class NodeOpcua:
    """A server with `State`, `Good`, `Level`, `Curve`, `Temperature` and an alarm on the last."""

    def __init__(self, directory, port, **options):
        self.files = OwnCertificate(directory / "peer.der", directory / "peer-key.pem")
        self.port = port
        self.endpoint = f"opc.tcp://127.0.0.1:{port}/peer"
        pem = directory / "peer.pem"
        if not pem.exists():
            pair = issue(Wanted(uri=URI))
            pair.write(self.files)
            pem.write_bytes(pair.certificate.public_bytes(Encoding.PEM))
        said = {
            "port": port,
            "directory": str(directory),
            "uri": URI,
            "namespace": NAMESPACE,
            "certificate": str(pem),
            "privateKey": str(self.files.private_key),
        }
        self._options = json.dumps(said | options)
        self._process: Any = None
        self._reserve: list[Any] = []

    def start(self):
        self.prepare(1)
        self._process = self._reserve.pop(0)
        self._tell("start")
        self._answer("ready")

    def prepare(self, starts):
        """Load the processes of so many starts: each needs seconds for the standard's nodes."""
        while len(self._reserve) < starts:
            self._reserve.append(self._loaded())

    def order(self, do, **arguments):
        """Have something done, and wait until it is."""
        self._tell(json.dumps({"do": do} | arguments))
        self._answer("done")

    def write(self, name, value, **more):
        self.order("write", name=name, value=value, **more)

    def signal(self, number):
        self._process.send_signal(number)

    def kill(self):
        """As a power cut would."""
        _end(self._process)
        self._process = None

    def close(self):
        """Leave no process behind."""
        self.kill()
        while self._reserve:
            _end(self._reserve.pop())

    def _loaded(self):
        script = _in_a_thread(_script)
        return subprocess.Popen(
            ["node", str(script), self._options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,  # a line read ahead into a buffer would be one that `select` never sees
        )

    def _tell(self, line):
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def _answer(self, wanted):
        end = time.monotonic() + ANSWER_WITHIN_S
        while time.monotonic() < end:
            ready, _, _ = select.select([self._process.stdout], [], [], 1)
            line = self._process.stdout.readline() if ready else b""
            if line.startswith(b"{"):
                said = json.loads(line)
                assert wanted in said, said
                return
            assert self._process.poll() is None, "node-opcua ended"
        raise AssertionError(f"node-opcua did not say {wanted}")


@contextmanager
def running(directory, port, **options):
    """A server that answers, killed in the end."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("npm is missing: node-opcua cannot be installed")
    server = NodeOpcua(directory, port, **options)
    try:
        server.start()
        yield server
    finally:
        server.close()


def _end(process):
    if process is not None:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def _in_a_thread(work):
    """The result of a coroutine, whether or not a loop runs here."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(work())).result()


async def _script():
    """The server's script, below the `node_modules` that it imports."""
    home = await ensure(cache_dir(), Recipe(f"node-opcua-{VERSION}", _digest(), _install))
    script = home / f"server-{_digest('server.mjs')[:12]}.mjs"
    if not script.exists():
        fresh = script.with_suffix(".new")
        fresh.write_bytes((_PEER / "server.mjs").read_bytes())
        fresh.replace(script)
    return script


async def _install(directory):
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(_PEER / name, directory / name)
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(directory))
    done = await asyncio.create_subprocess_exec(
        "npm", "ci", *options, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    if await done.wait() != 0:
        raise AssertionError("npm ci failed for tests/peers/opcua")


def _digest(*names):
    content = b"".join(
        (_PEER / name).read_bytes() for name in names or ("package.json", "package-lock.json")
    )
    return hashlib.sha256(content).hexdigest()
