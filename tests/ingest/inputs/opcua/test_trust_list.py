"""The directory of trusted certificates."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from ingest.inputs.opcua.trust_list import add, remove, trusted_in
from plantstream.runtime.errors import MisconfiguredError
from tests.ingest.inputs.opcua.authority import Wanted, authority, issue


@pytest.fixture(scope="module")
def server():
    return issue(Wanted())


def test_what_is_added_is_trusted_until_it_is_removed(tmp_path, server):
    folder = tmp_path / "new" / "trusted"
    assert trusted_in(folder) == []
    entry = add(folder, server.certificate)
    add(folder, server.certificate)
    assert trusted_in(folder) == [entry]
    assert not entry.is_issuer
    assert remove(folder, entry.fingerprint[:8].upper()) == entry
    assert trusted_in(folder) == []


def test_files_that_people_put_there_count(tmp_path, server):
    root = authority()
    (tmp_path / "ca.pem").write_bytes(root.certificate.public_bytes(Encoding.PEM))
    (tmp_path / "server.cer").write_bytes(server.der)
    (tmp_path / "notes.txt").write_text("who added what")
    found = trusted_in(tmp_path)
    assert [(one.file.name, one.is_issuer) for one in found] == [
        ("ca.pem", True),
        ("server.cer", False),
    ]


def test_a_file_without_a_certificate_is_named(tmp_path):
    (tmp_path / "broken.der").write_bytes(b"hello")
    with pytest.raises(MisconfiguredError, match=r"broken\.der in the trust list holds no"):
        trusted_in(tmp_path)


@pytest.mark.parametrize("prefix", ["", "0000000", "0" * 64])
def test_only_one_that_is_clearly_meant_is_removed(tmp_path, server, prefix):
    add(tmp_path, server.certificate)
    with pytest.raises(MisconfiguredError, match="plantstream trust list"):
        remove(tmp_path, prefix)
    assert len(trusted_in(tmp_path)) == 1


def test_a_place_that_cannot_be_written_is_told(tmp_path, server):
    (tmp_path / "file").touch()
    with pytest.raises(MisconfiguredError, match="cannot write the trust list"):
        add(tmp_path / "file" / "trusted", server.certificate)
