"""AsyncAPI's own parser takes the document, with everything that it refers to."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from schemas.asyncapi import asyncapi_document
from schemas.generate import ASYNCAPI, GENERATED
from schemas.json_schema import record_types
from schemas.topics import CATALOGUE
from tests.npm import PEERS, installed

LIMIT_S = 60


@pytest.fixture(scope="module")
def parser() -> Path:
    return installed("asyncapi")


def lint(parser: Path, document: Path) -> "subprocess.CompletedProcess[str]":
    script = PEERS / "asyncapi" / "lint.mjs"
    return subprocess.run(
        ["node", script, parser, document],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )


def test_the_parser_of_asyncapi_finds_nothing(parser: Path):
    done = lint(parser, GENERATED / ASYNCAPI)

    operations = sum(len(topic.writers) + len(topic.readers) for topic in CATALOGUE)
    told = f"{len(CATALOGUE)} channels, {operations} operations, {len(record_types())} messages"
    assert (done.stdout, done.stderr, done.returncode) == (f"3.1.0: {told}\n", "", 0)


@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        pytest.param("channels", {"address": 7}, id="an address that is none"),
        pytest.param("operations", {"action": "write"}, id="an action that is none"),
        pytest.param(
            "channels", {"messages": {"stop": {"$ref": "#/components/nothing"}}}, id="no message"
        ),
    ],
)
def test_the_parser_sees_what_is_wrong(parser: Path, tmp_path: Path, part: str, wrong: object):
    shutil.copytree(GENERATED, tmp_path, dirs_exist_ok=True)
    document = asyncapi_document()
    first = next(iter(document[part]))
    document[part][first] |= wrong
    (tmp_path / ASYNCAPI).write_text(json.dumps(document))

    done = lint(parser, tmp_path / ASYNCAPI)

    assert done.returncode == 1
    assert f"{part}/{first}" in done.stdout


def test_the_parser_misses_a_schema_that_is_not_there(parser: Path, tmp_path: Path):
    shutil.copytree(GENERATED, tmp_path, dirs_exist_ok=True)
    (tmp_path / "stop.v1.schema.json").unlink()

    done = lint(parser, tmp_path / ASYNCAPI)

    assert done.returncode == 1
    assert "stop.v1.schema.json" in done.stdout
