"""Open alerts in the demo's picture: what, since when, who was told, who is next."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

from rich.text import Text

from plantstream.commands.console import messages
from plantstream.runtime.kafka.follow import Start, following
from plantstream.runtime.settings import KafkaSettings
from processors.dispatch.mutes import rank
from schemas.alerts import AlertStatus, Severity
from schemas.codec import UnreadableError, decode
from schemas.topics import ALERT_LATEST

SHOWN = 2
COLOURS: dict[Severity, str] = {"info": "cyan", "warning": "yellow", "critical": "bold red"}


class OpenAlerts:
    """How alerts stand, by the newest of each."""

    def __init__(self) -> None:
        self._alerts: dict[str, AlertStatus] = {}

    def note(self, status: AlertStatus) -> None:
        """An alert stands so by now."""
        self._alerts[status.record_id()] = status

    def firing(self) -> list[AlertStatus]:
        """Those that fire, the gravest first, of these those that people were told of."""
        found = [one for one in self._alerts.values() if one.alert.state == "firing"]
        return sorted(
            found, key=lambda one: (-rank(one.alert.severity), not one.told, one.starts_at)
        )


@asynccontextmanager
async def followed_alerts(settings: KafkaSettings) -> AsyncIterator[OpenAlerts]:
    """Alerts as the dispatcher tells them, from now on until the block ends."""
    known = OpenAlerts()

    async def follow() -> None:
        async with following(settings, ALERT_LATEST.name, Start.OLDEST) as records:
            async for record in records:
                with suppress(UnreadableError):
                    known.note(decode(ALERT_LATEST, record.value))

    task = asyncio.create_task(follow(), name="alerts")
    try:
        yield known
    finally:
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled() and (error := task.exception()):
            messages.print(f"alerts were not shown to the end: {error}", markup=False)


def alert_lines(alerts: Sequence[AlertStatus], now: datetime) -> Iterator[Text]:
    """Two lines for each of the first alerts, and how many more there are."""
    for one in alerts[:SHOWN]:
        yield from _lines(one, now)
    if len(alerts) > SHOWN:
        yield Text(f"and {len(alerts) - SHOWN} more alerts")


def _lines(one: AlertStatus, now: datetime) -> Iterator[Text]:
    alert, labels = one.alert, one.alert.labels
    where = labels.get("equipment") or labels.get("line") or labels.get("source") or ""
    value = alert.value if not isinstance(alert.value, float) else f"{alert.value:.4g}"
    head = Text()
    head.append(f"{alert.severity.upper()} ", style=COLOURS[alert.severity])
    head.append(" ".join(part for part in (labels.get("alertname"), where) if part))
    if value is not None:
        head.append(f" {value} {alert.unit}".rstrip())
    head.append(f" for {_clock(now - one.starts_at)}")
    yield head
    yield Text(f"  {_next(one, now)} · {_told(one)}")


def _told(one: AlertStatus) -> str:
    """Who by which channels; endpoints are called like their channel."""
    channels: dict[str, list[str]] = {}
    for to in one.told:
        known = channels.setdefault(to.name, [])
        if to.channel not in known:
            known.append(to.channel)
    groups: dict[str, list[str]] = {}
    for name, ways in channels.items():
        groups.setdefault("" if ways == [name] else ", ".join(sorted(ways)), []).append(name)
    told = "; ".join(
        f"{', '.join(names)} by {ways}" if ways else ", ".join(names)
        for ways, names in groups.items()
    )
    if told:
        return f"told {told}"
    return f"quiet: {', '.join(one.suppressed_by)}" if one.suppressed_by else "nobody told"


def _next(one: AlertStatus, now: datetime) -> str:
    if one.acknowledged_by is not None:
        return f"acknowledged by {one.acknowledged_by}"
    if one.escalates_at is None:
        return "nobody is next"
    return f"next {', '.join(one.escalates_to)} in {_clock(one.escalates_at - now)}"


def _clock(span: timedelta) -> str:
    minutes, seconds = divmod(max(0, int(span.total_seconds())), 60)
    return f"{minutes:02}:{seconds:02}"
