"""Who tells us alerts: the name of a token, or of a client's certificate."""

from starlette.requests import Request

from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.http_server import CLIENT_NAME
from sinks.notify.web.office import Office
from sinks.notify.web.refusals import RefusedError, later

_LONGEST_NAME = 100


def sender_of(office: Office, request: Request) -> str:
    """The sender's name, which is in every record; only the same one resolves its alerts.

    Raises:
        RefusedError: neither a known token nor a certificate of the authorities that count.
    """
    name = _by_token(office, request) or getattr(request.state, CLIENT_NAME, None)
    if name is None or not 0 < len(name) <= _LONGEST_NAME:
        told = "send `Authorization: Bearer …` with the token of a sender, or a client certificate"
        raise RefusedError(401, "unknown_sender", told, {"WWW-Authenticate": "Bearer"})
    office.must_not_hurry("sender", name, office.limits.posts_per_s)
    return str(name)


def _by_token(office: Office, request: Request) -> str | None:
    """Whoever sends a token is judged by it: a wrong one is no certificate's matter."""
    told = request.headers.get("authorization")
    if told is None:
        return None
    scheme, _, token = told.partition(" ")
    try:
        owner = office.senders.owner(token.strip()) if scheme.lower() == "bearer" else None
    except MisconfiguredError as error:
        raise later(str(error)) from error
    if owner is None:
        raise RefusedError(401, "wrong_token", "no such token", {"WWW-Authenticate": "Bearer"})
    return owner
