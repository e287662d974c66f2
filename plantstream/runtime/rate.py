"""How many requests a token may make: a bucket that refills. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bucket:
    """So many requests are left, as of a moment of the monotonic clock."""

    left: float
    at: float


def draw(bucket: Bucket | None, now: float, per_s: float) -> tuple[Bucket, float]:
    """Take one request; gives the bucket after it, and the seconds to wait if there was none.

    A full bucket holds the requests of two seconds, and at least one.
    """
    full = max(2 * per_s, 1.0)
    left = full if bucket is None else min(full, bucket.left + (now - bucket.at) * per_s)
    if left < 1:
        return Bucket(left, now), (1 - left) / per_s
    return Bucket(left - 1, now), 0.0
