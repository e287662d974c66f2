"""What can go wrong with embedded parts; every message is one line that ends with what to do."""

from plantstream.runtime.errors import MisconfiguredError, PlantstreamError, UnavailableError


class RefusedError(MisconfiguredError):
    """This machine or this data directory cannot run the part as it is; nothing was started."""


class ResolveError(UnavailableError):
    """A part could not be brought into the cache."""


class PartFailedError(PlantstreamError):
    """A part died or never became ready; `log_tail` holds the last lines that it wrote."""

    def __init__(self, message: str, log_tail: str = "") -> None:
        super().__init__(message)
        self.log_tail = log_tail
