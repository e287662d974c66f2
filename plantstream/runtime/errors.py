"""Errors whose type is the decision: wait and try again, bury, stop, or give way."""

EXIT_FAILED = 1
"""Of a process that may be started again."""
EXIT_MISCONFIGURED = 78
"""Of a process for which a person has to change something first."""


class PlantstreamError(Exception):
    """A failure that we understand."""


class UnavailableError(PlantstreamError):
    """The other side does not answer now: the same work may be tried again."""


class RejectedError(PlantstreamError):
    """The other side will never take this: bury it and go on."""


class MisconfiguredError(PlantstreamError):
    """Nothing gets better by trying again: a person has to change something. The service stops."""


class FencedError(PlantstreamError):
    """Another worker owns this partition now: write nothing more of it."""


def cause_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first failure that we understand, for one clear sentence; else all of them."""
    known, _ = group.split(PlantstreamError)
    if known is None:
        return group
    first: BaseException = known
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first
