"""Which certificate of a server is believed, and what a person is told about the others."""

from datetime import timedelta

import pytest

from ingest.inputs.opcua.verdict import objection, shown_by
from plantstream.runtime import clock
from tests.ingest.inputs.opcua.authority import Wanted, authority, issue

NOW = clock.now()
ENDPOINT = "opc.tcp://127.0.0.1:4840"
LONG_AGO = NOW - timedelta(days=400)


@pytest.fixture(scope="module")
def server():
    return issue(Wanted())


@pytest.fixture(scope="module")
def root():
    return authority()


def said(shown, *trusted, brought=(), host="127.0.0.1"):
    content = shown.der + b"".join(one.der for one in brought)
    certificates = [one.certificate for one in trusted]
    return objection(shown_by(content), certificates, ENDPOINT, host, NOW)


def test_what_is_in_the_list_is_believed(server):
    assert said(server, issue(Wanted(uri="urn:other")), server) is None


def test_an_unknown_one_is_refused_with_its_fingerprint_and_the_command(server):
    told = said(server, issue(Wanted(uri="urn:other")))
    assert shown_by(server.der).fingerprint in told
    assert told.endswith(f"plantstream trust add {ENDPOINT}")


def test_a_changed_one_names_what_was_trusted(server):
    before = issue(Wanted())
    told = said(server, before)
    assert told.startswith("its certificate changed")
    assert f"trust remove {shown_by(before.der).fingerprint}" in told
    assert f"trust add {ENDPOINT}" in told


def test_one_that_expired_is_refused_though_it_is_trusted():
    expired = issue(Wanted(begins=LONG_AGO))
    assert "expired on" in said(expired, expired)


def test_one_of_tomorrow_is_a_matter_of_clocks():
    early = issue(Wanted(begins=NOW + timedelta(days=1)))
    assert "correct the clock" in said(early, early)


@pytest.mark.parametrize(
    ("hosts", "host", "good"),
    [
        pytest.param(("plc-1",), "plc-1", True, id="the name"),
        pytest.param(("PLC-1.example",), "plc-1.example.", True, id="names have no case"),
        pytest.param(("10.0.0.1", "plc"), "10.0.0.1", True, id="the address"),
        pytest.param(("::1",), "0:0:0:0:0:0:0:1", True, id="another form of the address"),
        pytest.param(("plc-1",), "plc-2", False, id="another name"),
        pytest.param(("plc-1",), "10.0.0.1", False, id="an address for a name"),
        pytest.param((), "plc-1", False, id="no host at all"),
    ],
)
def test_a_certificate_is_good_for_its_hosts_only(hosts, host, good):
    one = issue(Wanted(hosts=hosts))
    told = said(one, one, host=host)
    assert (told is None) is good
    if told:
        assert f"not for {host}" in told
        assert "server_certificate" in told


def test_an_issuer_in_the_list_trusts_what_it_signed(root):
    assert said(issue(Wanted(), root), root) is None


def test_a_renewed_certificate_of_a_trusted_issuer_is_no_change(root):
    assert said(issue(Wanted(), root), root, issue(Wanted(), root)) is None


def test_an_issuer_trusts_through_the_one_that_the_server_brings_along(root):
    between = authority("between", root)
    leaf = issue(Wanted(), between)
    assert said(leaf, root, brought=[between]) is None
    assert "not in the trust list" in said(leaf, root)


def test_a_name_alone_issues_nothing(root):
    impostor = authority()
    assert impostor.certificate.subject == root.certificate.subject
    assert "not in the trust list" in said(issue(Wanted(), impostor), root)


def test_a_server_is_no_issuer(server):
    assert "not in the trust list" in said(issue(Wanted(uri="urn:x"), server), server)


def test_an_issuer_that_expired_issues_nothing():
    old = authority("old", begins=LONG_AGO)
    assert "not in the trust list" in said(issue(Wanted(), old), old)


def test_nothing_is_no_certificate():
    with pytest.raises(ValueError, match="no certificate"):
        shown_by(b"")
