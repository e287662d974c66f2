"""Who may read the pages of a service: on loopback anybody, elsewhere who shows its token."""

import hmac
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from plantstream.runtime.errors import MisconfiguredError

OPEN = frozenset({"/live", "/ready"})
"""Pages that tell nothing but how a service stands: supervisors ask them, and have no token."""
FEWEST_CHARACTERS = 16
"""Of a token: what is shorter can be tried out."""


def is_loopback(listen: str) -> bool:
    """Whether only this machine can reach what listens on this address."""
    try:
        return ip_address(listen).is_loopback
    except ValueError:
        return listen == "localhost"


def must_be_guarded(listen: str, token: str | None) -> None:
    """Refuse to show others what nothing guards.

    Raises:
        MisconfiguredError: the address is not loopback, and there is no token or a short one.
    """
    if is_loopback(listen):
        return
    if token is None:
        raise MisconfiguredError(
            f"--listen {listen} lets others read /metrics: name a token in "
            "PLANTSTREAM_HTTP_TOKEN_FILE or PLANTSTREAM_HTTP_TOKEN, or listen on 127.0.0.1"
        )
    if len(token) < FEWEST_CHARACTERS or not token.isascii() or not token.isprintable():
        raise MisconfiguredError(
            f"the token in PLANTSTREAM_HTTP_TOKEN_FILE or PLANTSTREAM_HTTP_TOKEN has to have at "
            f"least {FEWEST_CHARACTERS} printable ASCII characters: make one with "
            "`openssl rand -hex 32`"
        )


def guarded(app: ASGIApp, token: str) -> ASGIApp:
    """This application; whoever wants more than `OPEN` shows `Authorization: Bearer TOKEN`."""
    wanted = f"bearer {token}".encode()

    async def asking(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in OPEN and not _shows(scope, wanted):
            refusal = PlainTextResponse(
                "send the token of this service: Authorization: Bearer TOKEN\n",
                status_code=401,
                headers={"WWW-Authenticate": "Bearer"},
            )
            await refusal(scope, receive, send)
            return
        await app(scope, receive, send)

    return asking


def _shows(scope: Scope, wanted: bytes) -> bool:
    kind, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
    shown = f"{kind.lower()} {token.strip()}".encode("latin-1", "replace")
    return hmac.compare_digest(shown, wanted)
