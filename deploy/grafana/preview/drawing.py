"""From a filled dashboard to a picture: one page that needs nothing else, and headless Chromium."""

import hashlib
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from plantstream.embedded import child
from plantstream.embedded.cache import Recipe, ensure
from plantstream.embedded.checks import require_npm
from plantstream.embedded.places import cache_dir
from plantstream.runtime.errors import MisconfiguredError

HERE = Path(__file__).parent
WIDTH_PX = 1500
LIMIT_S = 120
_LOCKED = ("package.json", "package-lock.json")
_SCRIPTS = ("telling.js", "drawing.js")


def chromium() -> str:
    """Where the browser is.

    Raises:
        MisconfiguredError: there is none.
    """
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        raise MisconfiguredError("Chromium is missing: apt-get install chromium")
    return found


async def installed() -> Path:
    """The folder with uPlot, fetched by npm if need be, as locked."""
    digest = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in _LOCKED)).hexdigest()

    async def build(directory: Path) -> None:
        for name in _LOCKED:
            shutil.copyfile(HERE / name, directory / name)
        log = cache_dir() / "dashboards-preview.resolve.log"
        options = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(directory))
        if await child.run((require_npm(), "ci", *options), log) != 0:
            raise MisconfiguredError(f"npm could not fetch uPlot, see {log}")

    return await ensure(cache_dir(), Recipe("dashboards-preview", digest, build))


def page(shown: dict[str, Any], modules: Path) -> str:
    """A page of its own, with uPlot, its style, our scripts, and everything that is shown."""
    uplot = modules / "node_modules" / "uplot" / "dist"
    style = (uplot / "uPlot.min.css").read_text("utf-8") + (HERE / "page.css").read_text("utf-8")
    scripts = [(uplot / "uPlot.iife.min.js").read_text("utf-8")]
    scripts += [(HERE / name).read_text("utf-8") for name in _SCRIPTS]
    given = json.dumps(shown, ensure_ascii=False).replace("</", "<\\/")
    told = "".join(f"<script>{one}</script>\n" for one in (f"const SHOWN = {given};", *scripts))
    return f'<!doctype html><meta charset="utf-8"><style>{style}</style><body>{told}</body>\n'


def photograph(browser: str, file: Path, picture: Path, height: int) -> None:
    """Let Chromium draw the page.

    Raises:
        MisconfiguredError: it does not.
    """
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(  # noqa: S603 - a browser that was found on this machine
            [
                browser,
                *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
                *("--virtual-time-budget=3000", f"--user-data-dir={profile}"),
                f"--window-size={WIDTH_PX},{height}",
                f"--screenshot={picture.resolve()}",
                file.resolve().as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
    if done.returncode != 0 or not picture.exists():
        raise MisconfiguredError(f"{browser} drew no picture of {file}: {done.stderr[-500:]}")
