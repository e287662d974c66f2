"""Addresses of the plant file, and what they are at a server."""

import pytest

from ingest.inputs.opcua.addresses import parse, text_of

NAMESPACES = ["http://opcfoundation.org/UA/", "urn:server", "urn:ninu:plant"]


@pytest.mark.parametrize(
    ("text", "node"),
    [
        pytest.param("nsu=urn:ninu:plant;s=a.State", "ns=2;s=a.State", id="by namespace URI"),
        pytest.param("nsu=urn:ninu:plant;i=7", "ns=2;i=7", id="a number"),
        pytest.param("ns=1;s=x", "ns=1;s=x", id="by index"),
        pytest.param("nsu=urn:server;b=AQI=", "ns=1;b=AQI=", id="opaque"),
        pytest.param("i=2258", "i=2258", id="the standard's namespace"),
        pytest.param("nsu=urn:ninu:plant;s=a;b=c", "ns=2;s=a;b=c", id="semicolon in the name"),
    ],
)
def test_an_address_is_resolved_at_a_server(text, node):
    resolved = parse(text).node_id(NAMESPACES)
    assert resolved is not None
    assert resolved.to_string() == node


def test_a_namespace_that_the_server_lacks_gives_no_node():
    assert parse("nsu=urn:other;s=a").node_id(NAMESPACES) is None


def test_the_namespace_keeps_its_uri_when_the_server_numbers_anew():
    address = parse("nsu=urn:ninu:plant;s=a")
    swapped = [NAMESPACES[0], NAMESPACES[2], NAMESPACES[1]]
    resolved = address.node_id(swapped)
    assert resolved is not None
    assert resolved.NamespaceIndex == 1


@pytest.mark.parametrize("text", ["", "State", "nsu=urn:x", "ns=a;s=b", "i=x", "g=12", "s=", "b=x"])
def test_what_is_no_address_is_refused_with_its_form(text):
    with pytest.raises(ValueError, match="write nsu="):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "nsu=urn:ninu:plant;s=a.State",
        "nsu=urn:server;i=7",
        "nsu=urn:server;b=AQI=",
        "nsu=urn:server;g=00000000-0000-0000-0000-000000000001",
        "i=2258",
        "ns=9;s=x",
    ],
)
def test_the_address_of_a_node_is_written_as_it_is_read(text):
    node = parse(text).node_id(NAMESPACES)
    assert node is not None
    assert text_of(node, NAMESPACES) == text
