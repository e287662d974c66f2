"""A sketch of lengths of time: counts in logarithmic buckets, from which quantiles are read.

DDSketch (Masson, Rim, Lee: "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with
Relative-Error Guarantees", VLDB 2019) with gamma = 1.02: bucket i counts lengths in
(gamma^(i-1), gamma^i] ms, and every quantile is right to (gamma - 1) / (gamma + 1) = 0.99 %.
Sketches are merged by adding counts. Lengths of 0 and 1 ms share bucket 0.
"""

import math
from collections.abc import Mapping

Sketch = Mapping[int, int]
"""Cycles per bucket."""

GAMMA = 1.02
_LOG_GAMMA = math.log(GAMMA)


def bucket_of(milliseconds: int) -> int:
    """The i with gamma^(i-1) < length <= gamma^i.

    No power of 1.02 but the 0th is a whole number, so that rounding decides nothing.
    """
    return math.ceil(math.log(milliseconds) / _LOG_GAMMA) if milliseconds > 1 else 0


def added(sketch: Sketch, milliseconds: int, times: int = 1) -> dict[int, int]:
    """The sketch with so many more cycles of this length."""
    return merged(sketch, {bucket_of(milliseconds): times})


def merged(one: Sketch, other: Sketch) -> dict[int, int]:
    """The sketch of the cycles of both."""
    together = dict(one)
    for bucket, times in other.items():
        together[bucket] = together.get(bucket, 0) + times
    return together


def quantile_ms(sketch: Sketch, share: float) -> float | None:
    """The length that this share of the cycles did not exceed; None without cycles.

    The length of nearest rank, max(1, ceil(share * n)), as 2 gamma^i / (gamma + 1) of its bucket
    i (DDSketch, section 2.1): the value with the least relative error for all of the bucket.
    """
    rank = max(1, math.ceil(share * sum(sketch.values())))
    for bucket in sorted(sketch):
        rank -= sketch[bucket]
        if rank <= 0:
            return float(2 * GAMMA**bucket / (GAMMA + 1))
    return None
