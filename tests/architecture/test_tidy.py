"""Files, functions and parameter lists stay small enough to be read at once."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("plantstream", "ingest", "processors", "sinks", "schemas")
FILES = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))

FILE_LINES = 300
FUNCTION_LINES = 50
PARAMETERS = 6
OPTIONS = ("typer.Option", "typer.Argument")


def too_large(source: str, name: str) -> Iterator[str]:
    """What is over, as `file:line: …`."""
    length = len(source.splitlines())
    if length > FILE_LINES:
        yield f"{name}:{FILE_LINES + 1}: the file has {length} lines, {FILE_LINES} are allowed"
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > FUNCTION_LINES:
            told = f"{node.name} has {lines} lines, {FUNCTION_LINES} are allowed"
            yield f"{name}:{node.lineno}: {told}"
        count = len(list(parameters(node.args)))
        if count > PARAMETERS:
            told = f"{node.name} takes {count} parameters, {PARAMETERS} are allowed"
            yield f"{name}:{node.lineno}: {told}"


def parameters(given: ast.arguments) -> Iterator[str]:
    """What a caller has to say; options of the command line are said by name, by people."""
    positional = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(positional) - len(given.defaults)) + given.defaults
    pairs = [*zip(positional, defaults, strict=True)]
    pairs += zip(given.kwonlyargs, given.kw_defaults, strict=True)
    for one, default in pairs:
        if one.arg not in ("self", "cls") and not is_option(default):
            yield one.arg


def is_option(default: ast.expr | None) -> bool:
    """One that is declared on the spot, or in a module of options that several commands have."""
    match default:
        case ast.Call(func=function):
            return ast.unparse(function) in OPTIONS
        case ast.Attribute(value=ast.Name(id=module)):
            return module.endswith("_options")
        case _:
            return False


def test_nothing_is_too_large():
    over = [
        line
        for file in FILES
        for line in too_large(file.read_text(encoding="utf-8"), str(file.relative_to(ROOT)))
    ]

    assert not over, "\n" + "\n".join(over)


def test_there_is_something_to_measure():
    assert {file.relative_to(ROOT).parts[0] for file in FILES} == set(PACKAGES)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        pytest.param("x = 1\n" * 300, [], id="a file of 300 lines"),
        pytest.param(
            "x = 1\n" * 301, ["a.py:301: the file has 301 lines, 300 are allowed"], id="one more"
        ),
        pytest.param("def f():\n" + "    x = 1\n" * 49, [], id="a function of 50 lines"),
        pytest.param(
            "\nasync def f():\n" + "    x = 1\n" * 50,
            ["a.py:2: f has 51 lines, 50 are allowed"],
            id="one line more",
        ),
        pytest.param("class A:\n def f(self, a, b, c, d, *, e, f): 0", [], id="six parameters"),
        pytest.param(
            "class A:\n def f(self, a, b, /, c, d, *, e, f, g): 0",
            ["a.py:2: f takes 7 parameters, 6 are allowed"],
            id="seven parameters",
        ),
        pytest.param(
            f"def f({', '.join(f'{name}=typer.Option(1)' for name in 'abcdefgh')}): 0",
            [],
            id="options of a command",
        ),
        pytest.param(
            f"def f({', '.join(f'{name}=port_options.{name}' for name in 'abcdefgh')}): 0",
            [],
            id="options that several commands have",
        ),
    ],
)
def test_what_is_over_is_told(source, said):
    assert list(too_large(source, "a.py")) == said
