"""Summaries in place of a flood; at services that page people themselves they are incidents."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice

from processors.dispatch.messages import EXAMPLES, MOST_HELD, Telling, recent, tell
from processors.dispatch.mutes import rank
from processors.dispatch.plan import Recipient
from processors.dispatch.state import Alert, Flow
from processors.dispatch.work import Work
from schemas.alerts import Severity, Why, flood_group, flood_incident

MOST_INCIDENTS = 50
"""Summaries at a paging service that are remembered until all that they stand for is over."""
_OVER = "all that it stood for is over"


def summarise(work: Work, flow: Flow, at: datetime) -> None:
    """Say in one message what a flood held back.

    A paging service is told of what still fires, each time as an incident of its own.
    """
    known = (work.desk.alerts.get(name) for name in flow.examples)
    examples = [one for one in known if one is not None]
    severity: Severity = max((one.severity for one in flow.held), key=rank, default="info")
    total = sum(one.alerts for one in flow.held)
    others = any(not one.group for one in flow.held)
    groups = f"more than {MOST_HELD}" if others else str(len(flow.held))
    telling = Telling(
        group=flood_group(flow.recipient),
        labels={},
        why="summary",
        at=at,
        severity=severity,
        comment=f"{total} alerts of {groups} groups in place of one message each",
    )
    incidents = flow.incidents
    for channel, fallback in flow.channels:
        said, alerts = telling, examples
        if work.plan.is_pager(channel):
            alerts = list(islice(_pressing(work, flow, channel), EXAMPLES))
            if not alerts:
                continue
            said = replace(telling, group=flood_incident(flow.recipient, at))
            incidents = (*incidents, said.group)[-MOST_INCIDENTS:]
        tell(work, said, Recipient(flow.recipient, channel, fallback), alerts, total)
    times = (*recent(work, flow, at), at)
    work.put_flow(Flow(flow.recipient, times=times, summed_at=at, incidents=incidents))


def settle(work: Work, channels: Iterable[str], at: datetime) -> None:
    """Summaries at these services are over, or taken care of, with the last of their groups."""
    for channel in channels:
        flow = work.desk.flows.get(channel)
        if flow is None or not flow.incidents:
            continue
        if not work.desk.paged.count(channel):
            _end(work, flow, "resolved", at)
            work.put_flow(replace(flow, incidents=(), is_calm=False))
        elif not flow.is_calm and not work.desk.pressing.count(channel):
            _end(work, flow, "acknowledged", at)
            work.put_flow(replace(flow, is_calm=True))


def _pressing(work: Work, flow: Flow, channel: str) -> Iterator[Alert]:
    """What fires of what was held back, and was not acknowledged as a whole."""
    held = [one.group for one in flow.held]
    for name in held if all(held) else work.desk.pressing.of(channel):
        group = work.desk.groups.get(name)
        if group is not None and channel in group.pressing:
            yield from (one for one, _ in work.alerts_of(name) if one.is_firing)


def _end(work: Work, flow: Flow, why: Why, at: datetime) -> None:
    comment = _OVER if why == "resolved" else "all that fires is acknowledged"
    for name in flow.incidents:
        said = Telling(group=name, labels={}, why=why, at=at, severity="info", comment=comment)
        tell(work, said, Recipient(flow.recipient, flow.recipient), ())
