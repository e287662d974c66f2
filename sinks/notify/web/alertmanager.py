"""In from Prometheus: Alertmanager's webhook, and what Prometheus posts to an Alertmanager."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from plantstream.runtime import clock
from sinks.notify.web.office import Office, guarded
from sinks.notify.web.refusals import RefusedError
from sinks.notify.web.senders import sender_of
from sinks.notify.web.told_alerts import (
    Post,
    Told,
    TooManyError,
    digest_of,
    external,
    read_api,
    read_webhook,
    saying_of,
)

WAY = "alerts"
WEBHOOK = "/in/alertmanager"
API = "/api/v2/alerts"
SAME_WITHIN_S = 60.0
"""Who posts the same again within a minute was not answered in time: it stands in Kafka once.
What was said of the alert in between makes it news."""
MOST_REMEMBERED = 50_000
_SHOWN_MISTAKES = 10
Read = Callable[[bytes, int], Post]


def alertmanager_routes(office: Office) -> list[Route]:
    """Both ways in; a sender has a token or a certificate."""
    recent = _Recent()

    async def take(request: Request, read: Read) -> Response:
        sender = sender_of(office, request)
        body = await office.body(request, office.limits.alerts_bytes)
        post = await asyncio.to_thread(_read, body, read, office.limits.alerts_per_post)
        await _tell(office, sender, recent.new(sender, post.alerts), recent)
        if post.mistakes:
            told = "; ".join(post.mistakes[:_SHOWN_MISTAKES])
            left = f"{len(post.alerts)} alerts are stored, {len(post.mistakes)} are none: {told}"
            raise RefusedError(400, "unreadable", left[:2000])
        return JSONResponse({})

    async def webhook(request: Request) -> Response:
        return await take(request, read_webhook)

    async def api(request: Request) -> Response:
        return await take(request, read_api)

    return [
        Route(WEBHOOK, guarded(office, WAY, webhook), methods=["POST"]),
        Route(API, guarded(office, WAY, api), methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True)
class _News:
    """What a post says of one alert that was not the last word on it."""

    alert: tuple[str, int]
    """Its sender, and the hash of its labels."""
    digest: str
    told: Told


class _Recent:
    """What was told last of each alert, lately, and is in Kafka."""

    def __init__(self) -> None:
        self._last: OrderedDict[tuple[str, int], tuple[str, float]] = OrderedDict()

    def new(self, sender: str, alerts: Sequence[Told]) -> list[_News]:
        """Those that say something else than what was told last."""
        since = clock.monotonic() - SAME_WITHIN_S
        last: dict[tuple[str, int], str] = {}
        found = []
        for told in alerts:
            name, digest = (sender, hash(frozenset(told.labels.items()))), digest_of(told, sender)
            known, at = self._last.get(name, ("", since))
            if digest != last.get(name, known if at > since else ""):
                found.append(_News(name, digest, told))
            last[name] = digest
        return found

    def note(self, news: Sequence[_News]) -> None:
        """These are in Kafka now."""
        now = clock.monotonic()
        for one in news:
            self._last[one.alert] = one.digest, now
            self._last.move_to_end(one.alert)
        while len(self._last) > MOST_REMEMBERED:
            self._last.popitem(last=False)


async def _tell(office: Office, sender: str, news: Sequence[_News], recent: _Recent) -> None:
    if not news:
        return
    site, version, now = office.site.site_path(), office.plant().version, office.now()
    alerts = [external(one.told, sender, site, version, now) for one in news]
    await office.publish([saying_of(one) for one in alerts])
    recent.note(news)
    for status in ("firing", "resolved"):
        number = sum(one.status == status for one in alerts)
        if number:
            office.meters.told(sender, status, number)


def _read(body: bytes, read: Read, most: int) -> Post:
    try:
        return read(body, most)
    except TooManyError as error:
        raise RefusedError(413, "too_many", str(error)) from None
    except ValueError as error:
        raise RefusedError(400, "unreadable", f"{error}"[:300]) from None
