"""The acknowledge page: GET shows and changes nothing, its buttons POST a nonce that works once."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sinks.notify.web.acts import ACKNOWLEDGE, UNACKNOWLEDGE, Author, Wish, snooze
from sinks.notify.web.board import OfAlert, Standing
from sinks.notify.web.links import Link, Reason, RefusedLinkError
from sinks.notify.web.moments import Reader, reader_of
from sinks.notify.web.office import Office, address_of
from sinks.notify.web.page import alert_page, refusal_page
from sinks.notify.web.phrases import PHRASES
from sinks.notify.web.refusals import RefusedError
from sinks.notify.web.view import view_of

PATH = "/a/{token}"
WAY = "link"
_WISHES = {
    "acknowledge": ACKNOWLEDGE,
    "unacknowledge": UNACKNOWLEDGE,
    "15": snooze(timedelta(minutes=15)),
    "60": snooze(timedelta(hours=1)),
    "240": snooze(timedelta(hours=4)),
}
_MOST_FIELDS = 10
_CHANCE_BYTES = 9


@dataclass(frozen=True, slots=True)
class _Visit:
    """A link that counts: what it names, for whom."""

    link: Link
    standing: Standing
    reader: Reader

    @property
    def is_current(self) -> bool:
        """Whether the newest alert of these labels is the one that the link was made for."""
        return self.standing.status.starts_at == self.link.starts_at

    @property
    def is_open(self) -> bool:
        """Whether there is something to be done about it."""
        return self.is_current and self.standing.is_firing


def acknowledge_routes(office: Office) -> list[Route]:
    """The page, and what its buttons do."""

    async def show(request: Request) -> Response:
        try:
            visit = _visit(office, request)
        except RefusedError as error:
            return await _refuse(office, request, error)
        return _page(office, visit)

    async def do(request: Request) -> Response:
        try:
            visit = _visit(office, request)
            wish, nonce = _pressed(await office.body(request, office.limits.form_bytes))
        except RefusedError as error:
            return await _refuse(office, request, error)
        return await _done(office, request, visit, wish, nonce)

    return [Route(PATH, show, methods=["GET"]), Route(PATH, do, methods=["POST"])]


def _visit(office: Office, request: Request) -> _Visit:
    office.must_be_complete()
    office.must_not_hurry("page", address_of(request), office.limits.pages_per_s)
    try:
        link = office.links.read(request.path_params["token"], office.now())
    except RefusedLinkError as error:
        status = 410 if error.reason is Reason.EXPIRED else 403
        raise RefusedError(status, error.reason.value, f"a link that is {error.reason}") from None
    reader = reader_of(office.site, link.recipient)
    if reader is None:
        raise RefusedError(403, "unknown_recipient", "a link for somebody who is not known here")
    standing = office.board.by_digest(link.alert)
    if standing is None:
        raise RefusedError(404, "unknown", "a link to an alert of which nothing is known")
    return _Visit(link, standing, reader)


def _pressed(body: bytes) -> tuple[Wish, str]:
    """Which button, and the nonce of its page."""
    try:
        given = dict(parse_qsl(body.decode("ascii"), max_num_fields=_MOST_FIELDS))
        return _WISHES[given["act"]], given["nonce"]
    except (ValueError, KeyError):
        raise RefusedError(400, "no_form", "the body is no form of ours") from None


async def _done(
    office: Office, request: Request, visit: _Visit, wish: Wish, nonce: str
) -> Response:
    """Who has come so far sees the alert and a fresh button, whatever was wrong with this one."""
    try:
        author = _author(office, visit, nonce)
        done = await office.do(wish, visit.standing, author)
    except RefusedError as error:
        await _record(office, request, error, visit.reader.id)
        says = PHRASES[visit.reader.language]
        said = {"used": says.used, "over": "", "not_now": says.not_now}.get(
            error.reason, says.stale
        )
        page = _page(office, visit, said=said, status=error.status)
        page.headers.update(error.headers)
        return page
    return _page(office, visit, said=_said(done, visit.reader, wish))


def _author(office: Office, visit: _Visit, nonce: str) -> Author:
    try:
        used = office.links.used_by(nonce, visit.link, office.now())
    except RefusedLinkError as error:
        told = f"a button that is {error.reason}"
        raise RefusedError(403, f"nonce_{error.reason.value}", told) from None
    author = Author(visit.reader.id, "link", f"link-{used}", used)
    if not office.board.is_used(author.statement) and not visit.is_open:
        raise RefusedError(409, "over", "there is nothing to be done about it any more")
    return author


def _said(done: OfAlert, reader: Reader, wish: Wish) -> str:
    says = PHRASES[reader.language]
    if wish.span is not None:
        return says.done_snooze.format(at=reader.moment(done.source_time + wish.span))
    return says.done_take if wish is ACKNOWLEDGE else says.done_give_back


def _page(office: Office, visit: _Visit, *, said: str = "", status: int = 200) -> Response:
    """What holds now."""
    now, reader = office.now(), visit.reader
    standing = office.board.by_digest(visit.link.alert) or visit.standing
    view = view_of(standing, reader, office.site, now, visit.link.expires_at)
    nonce = None
    if visit.is_current:
        nonce = office.links.nonce(visit.link, secrets.token_bytes(_CHANCE_BYTES), now)
    else:
        since = reader.moment(standing.status.starts_at)
        said = PHRASES[reader.language].newer.format(at=since)
    failed = status != 200 or not visit.is_current  # noqa: PLR2004 - HTTP's own number
    return alert_page(view, nonce, said=said, failed=failed, status=status)


async def _refuse(office: Office, request: Request, error: RefusedError) -> Response:
    await _record(office, request, error)
    reason = "not_now" if error.reason == "too_often" else error.reason.removeprefix("nonce_")
    return refusal_page(reason, error.status, error.headers)


async def _record(office: Office, request: Request, error: RefusedError, who: str = "") -> None:
    site = office.site.site_path()
    await office.refusals.record(WAY, error, site, office.now(), who or address_of(request))
