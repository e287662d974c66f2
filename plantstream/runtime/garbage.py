"""How often a process looks for garbage."""

import gc

_COLLECTION = (50_000, 20, 100)
"""Python's are 700, 10 and 10."""


def collect_seldom() -> None:
    """Have the process look for garbage less often.

    What is read from the log has no cycles; with Python's thresholds looking for some takes longer
    than reading it.
    """
    gc.freeze()
    gc.set_threshold(*_COLLECTION)
