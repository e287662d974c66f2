"""Factors of control charts with ranges, for subgroups of 2 to 10 values.

Montgomery, Introduction to Statistical Quality Control, appendix VI; ISO 7870-2; ASTM E2587. All
are what the range of n normally distributed values gives, to three decimals: d2 is its mean and
d3 its standard deviation in sigmas, A2 = 3 / (d2 sqrt(n)), D3 = max(0, 1 - 3 d3 / d2),
D4 = 1 + 3 d3 / d2. Some tables print D4 as 2.574 for n = 3 and as 2.115 for n = 5.
"""

from typing import NamedTuple


class Factors(NamedTuple):
    """Of one size of subgroups."""

    a2: float
    """Limits of means: centre ± A2 R̄."""
    d2: float
    """Process sigma: R̄ / d2."""
    lower: float
    """D3. Lower limit of ranges: D3 R̄."""
    upper: float
    """D4. Upper limit of ranges: D4 R̄."""


FACTORS = {
    2: Factors(1.880, 1.128, 0.0, 3.267),
    3: Factors(1.023, 1.693, 0.0, 2.575),
    4: Factors(0.729, 2.059, 0.0, 2.282),
    5: Factors(0.577, 2.326, 0.0, 2.114),
    6: Factors(0.483, 2.534, 0.0, 2.004),
    7: Factors(0.419, 2.704, 0.076, 1.924),
    8: Factors(0.373, 2.847, 0.136, 1.864),
    9: Factors(0.337, 2.970, 0.184, 1.816),
    10: Factors(0.308, 3.078, 0.223, 1.777),
}
SMALLEST, LARGEST = min(FACTORS), max(FACTORS)
MOVING = FACTORS[2]
"""Of moving ranges: each is of two values."""


def factors(size: int) -> Factors:
    """The factors for subgroups of that size.

    Raises:
        ValueError: there are none for this size.
    """
    if size not in FACTORS:
        told = f"A range chart takes subgroups of {SMALLEST} to {LARGEST} values, not of {size}"
        raise ValueError(f"{told}: chart single values (I-MR), or split the subgroups")
    return FACTORS[size]
