"""Our own certificate is made once; the server's is read and never taken from the server."""

import stat
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ingest.inputs.opcua.certificates import (
    OwnCertificate,
    application_uri_of,
    check_pair,
    der,
    own_certificate,
    read_certificate,
)
from ingest.inputs.opcua.trust import APPLICATION_URI, trust_of, user_of
from plantstream.runtime import clock
from plantstream.runtime.errors import MisconfiguredError
from schemas.plant.sources import OpcUaSource, Security

URI = "urn:test:client"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates") / "new"
    files = OwnCertificate(folder / "client.der", folder / "client.pem")
    own_certificate(files, URI, "test")
    return files


@pytest.fixture
def copied(made, tmp_path):
    files = OwnCertificate(tmp_path / "client.der", tmp_path / "client.pem")
    files.certificate.write_bytes(made.certificate.read_bytes())
    files.private_key.write_bytes(made.private_key.read_bytes())
    return files


def source(user_files=None, **fields):
    security = Security(**({"server_certificate": "nowhere"} | fields))
    user: dict[str, Any] = {}
    if user_files:
        user["user_certificate"] = str(user_files.certificate)
        user["user_private_key"] = str(user_files.private_key)
    return OpcUaSource(type="opcua", endpoint="opc.tcp://here", security=security, **user)


def test_the_application_uri_stands_in_the_certificate(made):
    assert application_uri_of(read_certificate(made.certificate, "our own")) == URI
    check_pair(made)


def test_only_its_owner_reads_the_key(made):
    assert stat.S_IMODE(made.private_key.stat().st_mode) == 0o600


def test_a_pair_that_is_there_stays(copied):
    before = copied.certificate.read_bytes()
    own_certificate(copied, "urn:another", "test")
    assert copied.certificate.read_bytes() == before


@pytest.mark.parametrize("missing", ["certificate", "private_key"])
def test_half_a_pair_is_never_replaced(copied, missing):
    getattr(copied, missing).unlink()
    with pytest.raises(MisconfiguredError, match="is missing: bring it back"):
        own_certificate(copied, URI, "test")


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    files = OwnCertificate(tmp_path / "file" / "client.der", tmp_path / "file" / "client.pem")
    with pytest.raises(MisconfiguredError, match="cannot write our OPC UA certificate"):
        own_certificate(files, URI, "test")


def test_another_key_is_no_pair(copied, tmp_path):
    other = OwnCertificate(tmp_path / "other.der", tmp_path / "other.pem")
    own_certificate(other, URI, "other")
    with pytest.raises(MisconfiguredError, match="is not the key of"):
        check_pair(OwnCertificate(copied.certificate, other.private_key))


def test_pem_and_der_are_the_same_certificate(made, tmp_path):
    certificate = x509.load_der_x509_certificate(made.certificate.read_bytes())
    pem = tmp_path / "server.pem"
    pem.write_bytes(certificate.public_bytes(Encoding.PEM))
    assert der(read_certificate(pem, "the server's")) == made.certificate.read_bytes()


@pytest.mark.parametrize("content", [None, b"", b"hello", b"-----BEGIN CERTIFICATE-----\nx"])
def test_a_pinned_file_without_a_certificate_is_refused(tmp_path, content):
    pinned = tmp_path / "server.der"
    if content is not None:
        pinned.write_bytes(content)
    with pytest.raises(MisconfiguredError, match=r"server\.der"):
        trust_of(source(server_certificate=str(pinned)), "plant")


def test_trust_makes_our_pair_where_the_plant_file_says(made, tmp_path):
    trust = trust_of(
        source(
            server_certificate=str(made.certificate),
            certificate=str(tmp_path / "new" / "own.der"),
            private_key=str(tmp_path / "new" / "own.pem"),
        ),
        "plant",
    )
    assert trust is not None
    assert trust.application_uri == APPLICATION_URI
    pinned = read_certificate(made.certificate, "the")
    assert trust.accept(made.certificate.read_bytes(), clock.now()) == pinned
    with pytest.raises(MisconfiguredError, match=r"not the one in .*client\.der .SHA-256"):
        trust.accept((tmp_path / "new" / "own.der").read_bytes(), clock.now())
    with pytest.raises(MisconfiguredError, match="shows no certificate"):
        trust.accept(None, clock.now())


def test_no_security_needs_no_trust():
    open_to_all = source(policy="None", mode="None", server_certificate=None)
    assert trust_of(open_to_all, "plant") is None


def test_the_user_is_who_the_files_say(made):
    user = user_of(source(user_files=made))
    assert user is not None
    assert user.certificate == read_certificate(made.certificate, "the")
    assert user_of(source()) is None
