"""The partition of a key is the one that every Kafka client computes."""

import pytest
from aiokafka.partitioner import murmur2 as kafkas_murmur2
from hypothesis import given, strategies as st

from schemas.partitioning import murmur2, partition_key, partition_of
from schemas.topics import CATALOGUE


@given(st.binary(max_size=64))
def test_the_hash_is_that_of_kafka_clients(key):
    assert murmur2(key) == kafkas_murmur2(key) & 0xFFFFFFFF


@given(st.binary(max_size=64), st.integers(1, 1000))
def test_a_partition_is_one_of_those_there_are(key, partitions):
    assert partition_of(key, partitions) == (kafkas_murmur2(key) & 0x7FFFFFFF) % partitions


@pytest.mark.parametrize(
    ("key", "partition"),
    [
        pytest.param(b"ninu/xalapa/mixing/line-1/reactor-a", 5, id="an equipment"),
        pytest.param(b"ninu/xalapa/packaging/line-1/station-5", 6, id="another"),
        pytest.param(b"", 9, id="the empty key"),
    ],
)
def test_a_partition_never_moves(key, partition):
    assert partition_of(key, 12) == partition


@pytest.mark.parametrize(
    ("topic", "kind"),
    [(one, kind) for one in CATALOGUE if one.partition_by == "site" for kind in one.types],
    ids=lambda one: getattr(one, "name", getattr(one, "__name__", "")),
)
def test_what_a_topic_gathers_by_site_stands_in_the_partition_of_its_site(topic, kind):
    said = {"site": "acme/north", "equipment": "acme/north/hall/one/press", "product": "gel"}
    known = {name: value for name, value in said.items() if name in kind.model_fields}
    assert partition_key(topic.partition_by, kind.model_construct(**known)) == "acme/north"
