"""Apache Kafka's jars: fetched by Maven as the shipped pom pins them, and checked."""

import hashlib
from pathlib import Path

from plantstream.embedded import assets, cache, checks, child
from plantstream.embedded.errors import ResolveError
from plantstream.embedded.progress import Say, silent

VERSION = "4.3.0"
ASSETS = ("kafka/pom.xml", "kafka/SHA256SUMS")


async def resolve_jars(cache_root: Path, say: Say = silent) -> Path:
    """The directory of the jars, fetched by Maven if need be, every one as pinned."""

    async def build(directory: Path) -> None:
        say(f"Fetching Apache Kafka {VERSION} with mvn (45 MB, once)")
        maven = checks.require_maven()
        assets.copy_assets(ASSETS, directory)
        log = cache_root / f"kafka-{VERSION}.resolve.log"
        await _copy_dependencies(maven, directory, log)
        verify_jars(directory)

    recipe = cache.Recipe(f"kafka-{VERSION}", assets.digest_of(ASSETS), build)
    await cache.ensure(cache_root, recipe)
    return jars_dir(cache_root)


def jars_dir(cache_root: Path) -> Path:
    """Where the jars are, once resolved."""
    return cache_root / f"kafka-{VERSION}" / "libs"


def verify_jars(directory: Path) -> None:
    """Compare `libs/` with SHA256SUMS: nothing missing, nothing more, nothing changed."""
    pairs = (line.split() for line in (directory / "SHA256SUMS").read_text().splitlines())
    wanted = {name: checksum for checksum, name in pairs}
    found = {jar.name: _sha256(jar) for jar in (directory / "libs").iterdir()}
    wrong = sorted(
        name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)
    )
    if wrong:
        raise ResolveError(
            f"Maven delivered other files than those pinned ({', '.join(wrong[:3])}):"
            " delete them from the local Maven repository (~/.m2) and try again."
        )


async def _copy_dependencies(maven: str, directory: Path, log: Path) -> None:
    child.rotate_log(log)
    goal = ("dependency:copy-dependencies", "-DincludeScope=runtime")
    where = ("-f", str(directory / "pom.xml"), f"-DoutputDirectory={directory / 'libs'}")
    code = await child.run((maven, "-B", *where, *goal), log)
    if code != 0:
        raise ResolveError(
            f"Maven could not fetch Apache Kafka {VERSION} (exit {code}, see {log}):"
            " check the network and ~/.m2/settings.xml, then run the same command again."
        )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
