"""Who is told of a group at a position of its chain."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from processors.dispatch.plan import Chained, Recipient
from processors.dispatch.state import Group
from processors.dispatch.work import Work
from schemas.alerts import Severity


def reached(
    work: Work, group: Group, chain: Chained, position: int, said: tuple[Severity, datetime]
) -> tuple[int, list[Recipient]]:
    """Whoever is told up to this position; the next one with somebody, if that is nobody."""
    severity, at = said
    when = (at, work.taken())
    steps = dict.fromkeys(chain.index(one) for one in range(position + 1))
    found = [
        one
        for number in steps
        for one in work.plan.step_recipients(
            group.receiver, severity, chain.chain.steps[number], when
        )
    ]
    if found:
        return position, list(dict.fromkeys(found))
    return _next(work, replace(group, position=position), chain, said)


def asked_again(
    work: Work, group: Group, severity: Severity, people: Iterable[str]
) -> list[Recipient]:
    """Those who acknowledged once, and are asked whether they still do."""
    known = [one for one in people if work.plan.person(one) is not None]
    return work.plan.recipients(group.receiver, severity, dict.fromkeys(known), ())


def _next(
    work: Work, group: Group, chain: Chained, said: tuple[Severity, datetime]
) -> tuple[int, list[Recipient]]:
    """The next position at which there is somebody, and who; the last one if there is nobody."""
    severity, at = said
    recipients: list[Recipient] = []
    position = group.position
    while not recipients and position + 1 < chain.length:
        position += 1
        step, when = chain.step(position), (at, work.taken())
        recipients = work.plan.step_recipients(group.receiver, severity, step, when)
    return position, recipients
