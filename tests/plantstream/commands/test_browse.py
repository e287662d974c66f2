"""`plantstream browse`: what a server has, and a plant file that needs little more."""

import pytest

from ingest.inputs.opcua.skeleton import MARK
from tests.ingest.inputs.opcua import node_opcua
from tests.ingest.inputs.opcua.conftest import free_port

pytestmark = pytest.mark.slow
FILLED = {
    '"<enterprise>"': "acme",
    '"<site>"': "north",
    '"<area>"': "hall",
    '"<line>"': "one",
    '"<time zone, such as Europe/Berlin>"': "Europe/Berlin",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    directory = tmp_path_factory.mktemp("node-opcua")
    with node_opcua.running(directory, free_port(), history=["Good"], limits={
        "maxNodesPerRead": 3, "maxNodesPerBrowse": 2
    }) as running:  # fmt: skip
        yield running


@pytest.fixture
def browse(run, server, tmp_path):
    def command(*words):
        files = ("--certificate", tmp_path / "own.der", "--private-key", tmp_path / "own.pem")
        pinned = ("--server-certificate", server.files.certificate)
        return run("browse", server.endpoint, *pinned, *files, *words)

    return command


def test_the_variables_of_node_opcua_are_shown(browse):
    ran = browse("--json")
    assert ran.code == 0, ran.err
    found = {one["path"][-1]: one for one in ran.json if one["path"][0] == "Device"}
    assert {"State", "Good", "Level", "Curve", "Temperature"} <= found.keys()
    assert found["Temperature"]["unit"] == "°C"
    assert found["Temperature"]["data_type"] == "Double"
    assert found["Good"] | {"path": [], "access": ""} == {
        "path": [],
        "address": "nsu=urn:test:plant;s=Good",
        "data_type": "UInt32",
        "value": "100",
        "unit": "",
        "access": "",
        "usable": True,
    }
    assert set(found["Good"]["access"]) >= {"r", "h"}
    assert not found["Curve"]["usable"]


def test_a_table_shows_one_line_per_variable(browse):
    ran = browse()
    assert any("Device/State" in line and "Int32" in line for line in ran.lines)


def test_the_plant_file_is_accepted_once_the_marks_are_filled_in(browse, run, tmp_path):
    ran = browse("--as-yaml")
    file = tmp_path / "plant.yaml"
    file.write_text(ran.out)
    assert run("check", file).code == 78
    file.write_text(MARK.sub(lambda mark: FILLED.get(mark[0], "Acme"), ran.out))
    checked = run("check", file)
    assert checked.code == 0, checked.err
    assert "nsu=urn:test:plant;s=State" in ran.out
    assert '# "Curve" is an array of Double' in ran.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(["--below", "Device"], "no node address", id="no address"),
        pytest.param(["--below", "nsu=urn:x;s=a"], "no namespace", id="no namespace"),
        pytest.param(["--policy", "Basic128"], "security.policy", id="no policy"),
    ],
)
def test_what_cannot_be_is_told(browse, words, told):
    ran = browse(*words)
    assert ran.code == 78
    assert told in ran.err


def test_a_user_is_known_by_the_password_in_a_file(browse, tmp_path):
    file = tmp_path / "word"
    file.touch(mode=0o600)
    file.write_text("secret\n")
    ran = browse("--user", "edge", "--password-file", file)
    assert ran.code == 0, ran.err


def test_a_user_is_known_by_the_password_that_was_typed(browse, monkeypatch):
    monkeypatch.setattr("typer.prompt", lambda *_, **__: "secret")
    ran = browse("--user", "edge")
    assert ran.code == 0, ran.err


def test_a_refused_password_is_named_and_not_told(browse, monkeypatch):
    monkeypatch.setenv("PLANTSTREAM_OPCUA_PASSWORD", "open-sesame")
    ran = browse("--user", "edge")
    assert ran.code == 78
    assert "the variable PLANTSTREAM_OPCUA_PASSWORD" in " ".join(ran.err.split())
    assert "sesame" not in ran.out + ran.err
