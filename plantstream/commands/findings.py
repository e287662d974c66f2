"""What a check found: how it stands, and what to do."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from plantstream.runtime.errors import PlantstreamError

LIMIT_S = 5.0


class Status(StrEnum):
    """How it stands."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report."""

    status: Status
    subject: str
    what: str
    advice: str = ""


def ok(subject: str, what: str) -> Finding:
    """It is as it should be."""
    return Finding(Status.OK, subject, what)


def warn(subject: str, what: str, advice: str) -> Finding:
    """It works, and somebody should look at it."""
    return Finding(Status.WARN, subject, what, advice)


def fail(subject: str, what: str, advice: str) -> Finding:
    """It does not work, or data is in danger."""
    return Finding(Status.FAIL, subject, what, advice)


async def within_limit(
    subject: str, work: Awaitable[Sequence[Finding]], advice: str, limit_s: float = LIMIT_S
) -> Sequence[Finding]:
    """What the work finds; one failure when it cannot find out, or not in time."""
    try:
        async with asyncio.timeout(limit_s):
            return await work
    except TimeoutError:
        return [fail(subject, f"no answer within {limit_s:g} s", advice)]
    except PlantstreamError as error:
        return [fail(subject, str(error), advice)]
