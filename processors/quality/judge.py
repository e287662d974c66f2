"""What one value comes to under a specification."""

from math import inf
from typing import NamedTuple

from processors.quality.facts import Version
from schemas.plant.quality import Bounds, Specification
from schemas.quality import Outcome


class Verdict(NamedTuple):
    """What a result is, and why it is not a pass; no outcome where nothing is specified."""

    outcome: Outcome | None
    because: str = ""

    @property
    def is_judged(self) -> bool:
        """Whether it counts in a rate."""
        return self.outcome in {"pass", "fail", "out_of_trend"}

    @property
    def is_within(self) -> bool:
        """Whether it is within specification."""
        return self.outcome in {"pass", "out_of_trend"}


UNSPECIFIED = Verdict(None)
PASSED = Verdict("pass")


def judge(version: Version, specification: Specification | None) -> Verdict:
    """The verdict on one version of a result.

    A result below or above what the method can tell stands for all values there: it passes if all
    of them are within the limits, fails if none is, and proves nothing otherwise.
    """
    if version.invalid:
        return Verdict("invalid", "declared invalid")
    if specification is None:
        return UNSPECIFIED
    if version.text is not None:
        return _judge_text(version.text, specification)
    if version.number is None or specification.limits is None:
        return UNSPECIFIED
    low, high = _span(version, version.number, specification.detection_limit)
    return _judge_span(low, high, specification.limits)


def does_not_fit(version: Version, specification: Specification) -> tuple[str, str] | None:
    """The field that can never be judged by this specification, and why."""
    if specification.accepted and version.text is None:
        return "value", f"{version.test} is a text, such as {specification.accepted[0]!r}"
    if not specification.accepted and version.number is None:
        return "value", f"{version.test} is a number"
    if version.unit != specification.unit:
        return "unit", f"{version.test} is specified in {specification.unit or 'no unit'}"
    return None


def _judge_text(text: str, specification: Specification) -> Verdict:
    known = {one.strip().casefold() for one in specification.accepted}
    if text.strip().casefold() in known:
        return PASSED
    return Verdict("fail", f"none of {', '.join(specification.accepted)}"[:500])


def _span(version: Version, number: float, detects: float | None) -> tuple[float, float]:
    """The values for which the result stands; what is below a positive limit is not negative."""
    if version.comparator == ">":
        return number, inf
    is_below = version.comparator == "<"
    if is_below or (detects is not None and 0 <= number < detects):
        top = number if is_below else detects or number
        return (0.0 if top > 0 else -inf), top
    return number, number


def _judge_span(low: float, high: float, limits: Bounds) -> Verdict:
    lower = -inf if limits.lower is None else limits.lower
    upper = inf if limits.upper is None else limits.upper
    if lower <= low and high <= upper:
        return PASSED
    is_open = low != high
    if high < lower or (is_open and high == lower):
        return Verdict("fail", f"below {lower:g}")
    if low > upper or (is_open and low == upper):
        return Verdict("fail", f"above {upper:g}")
    return Verdict("invalid", f"the method cannot show whether it is within {_told(limits)}")


def _told(limits: Bounds) -> str:
    bounds = (limits.lower, limits.upper)
    return " to ".join("any" if one is None else f"{one:g}" for one in bounds)
