"""`plantstream trust`: a person looks at a certificate and says that it is right."""

import asyncio
import io
import threading
from contextlib import contextmanager

import pytest

from ingest.inputs.opcua.certificates import OwnCertificate
from tests.ingest.inputs.opcua.authority import Wanted, issue
from tests.ingest.inputs.opcua.conftest import SmallServer, free_port


@pytest.fixture(scope="module")
def pair():
    return issue(Wanted(hosts=("plc-1",)))


@pytest.fixture
def file(tmp_path, pair):
    named = tmp_path / "server.crt"
    named.write_bytes(pair.der)
    return named


@contextmanager
def in_a_thread(server):
    """The server, served beside a command that has an event loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def wait_for(work):
        return asyncio.run_coroutine_threadsafe(work, loop).result(60)

    try:
        wait_for(server.start())
        yield
        wait_for(server.stop())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_a_file_is_shown_added_listed_and_removed(run, file, tmp_path):
    folder = ("--directory", tmp_path / "trusted")
    added = run("trust", "add", file, "--yes", *folder)
    assert added.code == 0
    assert "CN=server" in added.err
    assert "plc-1" in added.err
    digest = added.out.split()[-1]
    assert digest in added.err
    (listed,) = run("trust", "list", "--json", *folder).json
    assert listed["sha256"] == digest
    assert listed["trusts"] == "this server"
    assert run("trust", "remove", digest[:12], *folder).out.split()[-1] == digest
    assert run("trust", "list", *folder).out == ""


def test_nothing_is_trusted_without_a_yes(run, file, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    folder = ("--directory", tmp_path / "trusted")
    assert run("trust", "add", file, *folder).code == 1
    assert run("trust", "list", "--json", *folder).json == []


def test_a_server_is_asked_for_its_certificate(run, pair, tmp_path):
    pair.write(OwnCertificate(tmp_path / "server.der", tmp_path / "server.pem"))
    server = SmallServer(tmp_path, free_port())
    with in_a_thread(server):
        added = run("trust", "add", server.endpoint, "--yes", "--directory", tmp_path / "trusted")
    assert added.code == 0, added.err
    (listed,) = run("trust", "list", "--json", "--directory", tmp_path / "trusted").json
    assert added.out.split()[-1] == listed["sha256"]


@pytest.mark.parametrize(
    ("what", "code", "told"),
    [
        pytest.param("opc.tcp://127.0.0.1:1", 1, "cannot be reached", id="no server"),
        pytest.param("nowhere.der", 78, "cannot read the server's certificate", id="no file"),
    ],
)
def test_what_cannot_be_had_is_told(run, tmp_path, what, code, told):
    ran = run("trust", "add", what, "--yes", "--directory", tmp_path)
    assert ran.code == code
    assert told in ran.err


@pytest.mark.parametrize("command", [("trust", "add"), ("browse",)], ids=" ".join)
def test_an_address_with_a_password_is_refused_and_not_repeated(run, command):
    ran = run(*command, "opc.tcp://edge:sesame@127.0.0.1:4840")
    assert ran.code == 78
    assert "password" in ran.err
    assert "sesame" not in ran.out + ran.err
