"""The states of a machine by PackML (ISA-TR88.00.02), as machines number them."""

from enum import IntEnum


class PackML(IntEnum):
    """A state of the PackML state model."""

    CLEARING = 1
    STOPPED = 2
    STARTING = 3
    IDLE = 4
    SUSPENDED = 5
    EXECUTE = 6
    STOPPING = 7
    ABORTING = 8
    ABORTED = 9
    HOLDING = 10
    HELD = 11
    UNHOLDING = 12
    SUSPENDING = 13
    UNSUSPENDING = 14
    RESETTING = 15
    COMPLETING = 16
    COMPLETE = 17


PRODUCING = frozenset({PackML.EXECUTE, PackML.COMPLETING})
"""The states in which parts are made."""
