"""`alert-sender` as people run it: what it gives out is believed where alerts are posted."""

from pathlib import Path

from plantstream.runtime.tokens import TokenFile
from sinks.notify.web.office import SENDERS, SENDERS_FILE
from tests.plantstream.commands.conftest import Run


def test_a_token_counts_until_it_is_removed(run: Run, tmp_path: Path):
    folder, senders = str(tmp_path), TokenFile(tmp_path / SENDERS_FILE, SENDERS)
    added = run("alert-sender", "add", "prometheus", "--data-dir", folder)

    (token,) = added.lines
    assert "not shown again" in added.err
    assert token.startswith("psalert_")
    assert token not in senders.path.read_text()
    assert senders.owner(token) == "prometheus"
    listed = run("alert-sender", "list", "--data-dir", folder, "--json")
    assert [one["name"] for one in listed.json] == ["prometheus"]
    run("alert-sender", "remove", "prometheus", "--data-dir", folder)
    assert senders.owner(token) is None


def test_what_cannot_be_is_told(run: Run):
    run("alert-sender", "add", "hall")

    twice, nobody = run("alert-sender", "add", "hall"), run("alert-sender", "remove", "yard")

    assert (twice.code, nobody.code) == (78, 78)
    assert "`plantstream alert-sender remove` it first" in twice.err
    assert "no token of the name yard" in nobody.err
