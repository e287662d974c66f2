"""`python -m deploy.grafana.preview --out FOLDER`: a picture of each dashboard, of a filled database."""

import argparse
import asyncio
import sys
from datetime import datetime, timedelta
from pathlib import Path

from deploy.grafana.asking import answer
from deploy.grafana.assembled import BOARDS
from deploy.grafana.preview.drawing import chromium, installed, page, photograph
from deploy.grafana.preview.filled import filled
from deploy.grafana.words import LANGUAGES
from plantstream.runtime.errors import PlantstreamError
from plantstream.runtime.settings import DatabaseSettings
from sinks.timescale.connection import connect_blocking

SPAN = timedelta(hours=1)
_NEWEST = """SELECT min(first), max(last) FROM (
    SELECT min(start) AS first, max("end") AS last FROM oee_cell WHERE run = '') AS live"""


def main() -> int:
    """Draw what was asked for; 1 if something that it needs is missing."""
    asked = argparse.ArgumentParser(prog="python -m deploy.grafana.preview", description=__doc__)
    asked.add_argument("--out", type=Path, default=Path("build/dashboards"), help="where to")
    asked.add_argument("--language", choices=LANGUAGES, nargs="*", default=LANGUAGES)
    asked.add_argument("--board", choices=[one.id for one in BOARDS], nargs="*")
    asked.add_argument("--database-port", type=int, help="instead of PLANTSTREAM_DATABASE_PORT")
    given = asked.parse_args()
    try:
        _draw(given)
    except (PlantstreamError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _draw(given: argparse.Namespace) -> None:
    browser, modules = chromium(), asyncio.run(installed())
    settings = DatabaseSettings()
    if given.database_port:
        settings = settings.model_copy(update={"port": given.database_port})
    given.out.mkdir(parents=True, exist_ok=True)
    with connect_blocking(settings) as connection:
        begins, ends = _range(answer(connection, _NEWEST).rows[0])
        for board in BOARDS:
            if given.board and board.id not in given.board:
                continue
            for language in given.language:
                shown = filled(connection, board, language, (begins, ends))
                file = given.out / f"{board.id}.{language}.html"
                file.write_text(page(shown, modules), encoding="utf-8")
                picture = file.with_suffix(".png")
                photograph(browser, file, picture, shown["height"])
                sys.stdout.write(f"{picture}\n")
    sys.stderr.write(f"range: {begins} to {ends}\n")


def _range(live: object) -> tuple[datetime, datetime]:
    """All that is there, but no more than the span; what is drawn is never empty."""
    first, last = live if isinstance(live, tuple) else (None, None)
    ends = last or datetime.fromisoformat("2026-01-01T00:00:00Z")
    return max(first or ends - SPAN, ends - SPAN), ends


if __name__ == "__main__":
    sys.exit(main())
