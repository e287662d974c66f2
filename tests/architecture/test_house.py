"""What is committed says nothing of where it was written, and what it points at exists."""

import re
import subprocess
from collections.abc import Iterator
from importlib.metadata import metadata, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from deploy.notices import NOTICES, LicenceError, jar_licence, notices, python_licence

ROOT = Path(__file__).parents[2]
LOCKS = [
    *ROOT.glob("requirements/*.txt"),
    *ROOT.glob("plantstream/**/package-lock.json"),
    *ROOT.glob("deploy/**/package-lock.json"),
    *ROOT.glob("plantstream/**/SHA256SUMS"),
]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
EXTRAS = frozenset({"calendar", "ingest", "process", "sink"})

# Put together here, so that this file does not say what it forbids.
HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("repo1", "maven", "org"),
        ("repo", "maven", "apache", "org"),
        ("proxy", "golang", "org"),
        ("crates", "io"),
        ("deb", "debian", "org"),
    )
]
HOMES = [f"/{name}/" for name in ("home", "root", "Users", "work")]
HERE = re.escape(str(ROOT)) if len(ROOT.parts) > 2 else "(?!)"
FORBIDDEN = {
    "a registry's host": re.compile("|".join(map(re.escape, HOSTS))),
    "an absolute path of one machine": re.compile(
        rf"(?<![\w.~$}}/-])(?:{'|'.join(HOMES)})\w|{HERE}\b"
    ),
    "a conflict marker": re.compile(r"^(?:<{7}|>{7}|\|{7})(?: |$)", re.MULTILINE),
}


def committed() -> list[Path]:
    """The files that git keeps."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this is no git checkout")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def offences(text: str) -> Iterator[tuple[int, str]]:
    """Line and rule of whatever the text should not say."""
    for rule, pattern in FORBIDDEN.items():
        for found in pattern.finditer(text):
            yield text.count("\n", 0, found.start()) + 1, rule


def test_no_committed_file_says_where_it_was_written():
    told = []
    for file in filter(Path.is_file, committed()):
        text = file.read_bytes().decode("utf-8", errors="replace")
        told += [f"{file.relative_to(ROOT)}:{line}: {rule}" for line, rule in offences(text)]

    assert not told, "\n" + "\n".join(told)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        pytest.param(f"from https://{HOSTS[0]}/simple", "a registry's host", id="host"),
        pytest.param(f"a\nsee {HOMES[0]}ana/x", "an absolute path of one machine", id="home"),
        pytest.param(f'"{HOMES[3]}shared"', "an absolute path of one machine", id="workspace"),
        pytest.param(f"cd {ROOT}", "an absolute path of one machine", id="this checkout"),
        pytest.param("a\n" + "<" * 7 + " HEAD\nb", "a conflict marker", id="ours"),
        pytest.param("a\n" + ">" * 7 + " theirs", "a conflict marker", id="theirs"),
    ],
)
def test_what_must_not_be_said_is_seen(text, rule):
    assert {one for _, one in offences(text)} == {rule}


@pytest.mark.parametrize(
    "text",
    ["a/b/c/d/e", "~/.plantstream/x", "./work/x", "https://example.org/home/x", "x << 7 >> 8"],
)
def test_what_may_be_said_is_let_through(text):
    assert not list(offences(text))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_locks_hold_no_addresses(lock):
    text = lock.read_text(encoding="utf-8")

    assert text
    assert "://" not in text
    assert "index-url" not in text


def runtime_dependencies() -> set[str]:
    """What plantstream with all extras needs here, and what that needs in turn."""
    seen: dict[str, frozenset[str]] = {}
    waiting = [("plantstream", EXTRAS)]
    while waiting:
        name, extras = waiting.pop()
        if extras <= seen.get(name, frozenset()) and name in seen:
            continue
        seen[name] = seen.get(name, frozenset()) | extras
        for line in requires(name) or ():
            one = Requirement(line)
            chosen = [{"extra": extra} for extra in seen[name] or {""}]
            if one.marker is None or any(one.marker.evaluate(extra) for extra in chosen):
                waiting.append((canonical(one.name), frozenset(one.extras)))
    return seen.keys() - {"plantstream"}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_notices_are_those_that_the_locks_give():
    assert NOTICES.read_text(encoding="utf-8") == notices(), "run `python deploy/notices.py`"


def test_notices_name_every_runtime_dependency_with_its_licence():
    told = NOTICES.read_text(encoding="utf-8")
    rows = {line.split(" | ")[0].strip("| "): line for line in told.splitlines()}

    missing = runtime_dependencies() - rows.keys()
    assert not missing
    for name in runtime_dependencies():
        assert f"| {version(name)} | " in rows[name]
        assert python_licence(name) in rows[name]


def test_notices_mark_what_has_conditions():
    told = NOTICES.read_text(encoding="utf-8")

    for name in ("asyncua", "psycopg", "psycopg-binary", "psycopg-pool"):
        assert re.search(rf"^\| {name} \| \S+ \| \*\*LGPL-3\.0-\S+\*\* \|$", told, re.MULTILINE)
    assert "Timescale License (TSL)" in told


def test_a_licence_that_nobody_looked_at_is_seen():
    with pytest.raises(LicenceError, match=r"hypothesis: MPL-2\.0"):
        python_licence("hypothesis")
    with pytest.raises(LicenceError, match="no licence"):
        python_licence("not-installed-anywhere")
    with pytest.raises(LicenceError, match="mystery"):
        jar_licence("mystery")


def test_the_project_itself_says_its_licence():
    assert metadata("plantstream")["License-Expression"] == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def broken_links(page: Path, text: str) -> Iterator[str]:
    """Links to files and headings that do not exist."""
    for target in re.findall(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)", text):
        link = next(filter(None, target))
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (
            anchor and anchor not in anchors(text if file == page else file.read_text("utf-8"))
        ):
            yield link


def anchors(text: str) -> set[str]:
    """The headings of a page, as they are linked to."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    assert not list(broken_links(page, page.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        pytest.param("[a](README.md) ![b](LICENSE)", [], id="files"),
        pytest.param("[a](docs/none.md)", ["docs/none.md"], id="no such file"),
        pytest.param("![a](none.png)", ["none.png"], id="no such picture"),
        pytest.param("# The end\n[a](#the-end)", [], id="a heading"),
        pytest.param("# The end\n[a](#end)", ["#end"], id="no such heading"),
        pytest.param("[a](https://example.org/none)", [], id="elsewhere"),
    ],
)
def test_a_link_to_nothing_is_seen(text, broken):
    assert list(broken_links(ROOT / "README.md", text)) == broken
