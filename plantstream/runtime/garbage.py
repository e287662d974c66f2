"""How often a service looks for garbage that refers to itself."""

import gc

_COLLECTION = (50_000, 20, 100)
"""Python's are 700, 10 and 10."""


def collect_seldom() -> None:
    """Have the process look for garbage less often; what it holds by now is never looked at.

    What is read, mapped and written has no cycles. With Python's thresholds looking for some takes
    longer than reading a record, because a frame is many objects.
    """
    gc.freeze()
    gc.set_threshold(*_COLLECTION)
