"""Who would be told of an alert, by which route, and when it escalates."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from processors.dispatch.mutes import timing_name
from processors.dispatch.plan import Chained, DispatchPlan, Recipient, chained
from processors.dispatch.routes import Node
from schemas.alerts import SEVERITIES, Severity
from schemas.plant.alerts.duty import Taken

TakenOver = Mapping[str, tuple[Taken, ...]]


@dataclass(frozen=True, slots=True)
class Call:
    """One step of one round of a chain."""

    at: datetime
    step: int
    """Of the chain, from 0."""
    round: int
    """From 0."""
    schedules: tuple[str, ...]
    recipients: tuple[Recipient, ...]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What becomes of an alert at one node of the routing tree while nobody answers."""

    node: Node
    group_labels: Mapping[str, str]
    chain: str
    calls: tuple[Call, ...]
    """Of a group of which nothing was told yet."""
    muted_by: tuple[str, ...]
    """Mute timings of the calendar and of the week that hold when it fires."""


def routes_of(
    plan: DispatchPlan, labels: Mapping[str, str], at: datetime, taken: TakenOver | None = None
) -> list[Forecast]:
    """Where an alert with these labels goes if it fires at this instant.

    `severity` is one of the labels; without it the alert is a warning.
    """
    severity = severity_of(labels)
    routed = {**labels, "severity": severity}
    return [
        Forecast(
            node,
            node.group_labels(routed),
            _chain_name(plan, node),
            tuple(_calls(plan, node, severity, (at, taken or {}))),
            _muted_by(plan, node, routed, at),
        )
        for node in plan.tree.match(routed)
    ]


def severity_of(labels: Mapping[str, str]) -> Severity:
    """The severity that labels name; an unknown one is a warning."""
    given = labels.get("severity", "")
    return next((one for one in SEVERITIES if one == given), "warning")


def _calls(
    plan: DispatchPlan, node: Node, severity: Severity, when: tuple[datetime, TakenOver]
) -> Iterator[Call]:
    chain, (fires_at, taken) = chained(plan, node.receiver), when
    if chain is None:
        return
    at: datetime | None = fires_at + node.group_wait
    told: list[datetime | None] = [None] * len(chain.chain.steps)
    for position in range(chain.length):
        if at is None:
            return
        step = chain.step(position)
        found = plan.step_recipients(node.receiver, severity, step, (at, taken))
        index = chain.index(position)
        yield Call(at, index, _round(chain, position), tuple(step.schedules), tuple(found))
        if found:
            told[index] = at
        at = chain.after(position, at, told, is_idle=not found)


def _round(chain: Chained, position: int) -> int:
    return position // len(chain.chain.steps)


def _chain_name(plan: DispatchPlan, node: Node) -> str:
    receiver = plan.receiver(node.receiver)
    return "" if receiver is None else receiver.chain


def _muted_by(
    plan: DispatchPlan, node: Node, labels: Mapping[str, str], at: datetime
) -> tuple[str, ...]:
    severity = severity_of(labels)
    timings = (
        (name, plan.timings.get(timing_name(plan.timings, name, labels))) for name in node.mute
    )
    return tuple(
        name
        for name, timing in timings
        if timing is not None and timing.holds_for(severity) and timing.is_on(at)
    )
