"""Each alert has a page, and what the pages ask for exists: metrics, commands, options."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from plantstream.cli import app
from tests.deploy.test_prometheus import ALERTS, PROMTOOL, needs_promtool
from tests.deploy.told import metrics_in, names

ROOT = Path(__file__).parents[2]
PAGES = sorted(one for one in (ROOT / "docs" / "runbooks").glob("*.md") if one.name != "README.md")
PARTS = ("What it means", "How urgent", "Look here first", "What to do", "When it is wrong")
_COMMAND = re.compile(r"^plantstream .*$|`(plantstream [^`]+)`", re.MULTILINE)


def blocks(page: Path, language: str) -> list[str]:
    """The examples of this language."""
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL)


def commands() -> Iterator[tuple[str, str]]:
    """Page and command, in examples and in the text."""
    for page in PAGES:
        for found in _COMMAND.finditer(page.read_text(encoding="utf-8")):
            yield page.stem, found[1] or found[0]


QUERIES = [(page.stem, query) for page in PAGES for query in blocks(page, "promql")]


def test_every_alert_has_a_page_and_every_page_an_alert():
    assert {page.stem for page in PAGES} == {rule.alert for rule in ALERTS}


def test_every_page_is_in_the_index_and_the_other_way_round():
    index = (ROOT / "docs" / "runbooks" / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"\]\((\w+)\.md\)", index)) == [page.stem for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_its_parts_in_their_order(page: Path):
    text = page.read_text(encoding="utf-8")
    assert tuple(re.findall(r"^## (.+)$", text, re.MULTILINE)) == PARTS
    assert re.search(r"^```(promql|sql|sh)$", text, re.MULTILINE)


@pytest.mark.parametrize(("page", "query"), QUERIES)
def test_metrics_that_a_page_asks_for_are_told(page: str, query: str):
    asked = metrics_in(query)
    assert asked, page
    assert asked <= names(), page


@needs_promtool
def test_promtool_can_read_what_pages_ask(tmp_path: Path):
    rules = "".join(
        f"      - {{record: 'a{n}', expr: '{query}'}}\n" for n, (_, query) in enumerate(QUERIES)
    )
    file = tmp_path / "rules.yml"
    file.write_text(f"groups:\n  - name: pages\n    rules:\n{rules}", encoding="utf-8")
    command = [str(PROMTOOL), "check", "rules", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("page", "command"), sorted(set(commands())))
def test_commands_that_a_page_names_exist(page: str, command: str):
    words = shlex.split(command)[1:]
    one = get_command(app)
    while isinstance(one, typer.core.TyperGroup) and words:
        context = typer.Context(one, info_name=one.name)
        _, found, words = one.resolve_command(context, words)
        assert found is not None, page
        one = found
    known = {option for param in one.params for option in param.opts} | {"--help"}
    assert {word for word in words if word.startswith("--")} <= known, page
