"""Write all dashboards in all languages: `python -m deploy.grafana.generate [--runbooks URL]`."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.grafana.assembled import BOARDS, dashboard
from deploy.grafana.page import PAGE, with_panels
from deploy.grafana.words import LANGUAGES, Words

HERE = Path(__file__).parent
FOLDER = HERE / "dashboards"
RUNBOOKS = "https://plantstream.example/docs/runbooks"


def written(runbooks: str = RUNBOOKS) -> Iterator[tuple[str, str]]:
    """Every file's name below the folder, and its text."""
    for language in LANGUAGES:
        words = Words(language)
        for board in BOARDS:
            made = dashboard(board, words, runbooks)
            text = json.dumps(made, cls=JSONEncoder, indent=1, ensure_ascii=False, sort_keys=True)
            yield f"{language}/{board.id}.json", text + "\n"


def main() -> None:
    """Write them where Grafana's provisioning finds them, and what the page says of them."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--out", type=Path, default=FOLDER, help="the folder to write to")
    asked.add_argument("--runbooks", default=RUNBOOKS, help="address below which the runbooks are")
    given = asked.parse_args()
    for name, text in written(given.runbooks):
        file = given.out / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    if given.out == FOLDER:
        PAGE.write_text(with_panels(PAGE.read_text("utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
