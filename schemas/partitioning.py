"""The partition of a key: murmur2, as every Kafka client computes it."""

from functools import lru_cache
from typing import Any

from schemas.record import site_of

_SEED = 0x9747B28C
_M = 0x5BD1E995
_MASK = 0xFFFFFFFF


@lru_cache(maxsize=10_000)
def partition_of(key: bytes, partitions: int) -> int:
    """The partition that Kafka's default partitioner gives this key."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def partition_key(partition_by: str, record: Any) -> str:
    """What a record is in order with in a topic that is partitioned by this.

    Where a topic gathers a site, facts of its equipment and of its products are in order.
    """
    equipment: str | None = getattr(record, "equipment", None)
    if equipment is not None and partition_by == "site":
        return site_of(equipment)
    if partition_by == "site" and hasattr(record, "site"):
        return str(record.site)
    if equipment is not None and partition_by == "equipment":
        return equipment
    return str(record.partition_key())


def murmur2(data: bytes) -> int:
    """MurmurHash2 of Austin Appleby, 32 bits, with Kafka's seed."""
    length = len(data)
    hashed = _SEED ^ length
    whole = length & ~3
    for start in range(0, whole, 4):
        part = int.from_bytes(data[start : start + 4], "little") * _M & _MASK
        part = (part ^ (part >> 24)) * _M & _MASK
        hashed = (hashed * _M & _MASK) ^ part
    if length > whole:
        hashed = (hashed ^ int.from_bytes(data[whole:], "little")) * _M & _MASK
    hashed = (hashed ^ (hashed >> 13)) * _M & _MASK
    return hashed ^ (hashed >> 15)
