"""Bodies of requests, read within a limit of bytes and of time."""

import asyncio

from starlette.requests import ClientDisconnect, Request

BODY_WITHIN_S = 30.0


class BodyError(Exception):
    """The body cannot be had; `status` is what HTTP calls that."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status


async def read_body(request: Request, limit: int, within_s: float = BODY_WITHIN_S) -> bytes:
    """The whole body, at most `limit` bytes.

    Raises:
        BodyError: it is too large (413), too slow (408), or the client went away (400).
    """
    too_large = BodyError(413, f"the body is larger than {limit} bytes; send it in parts")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > limit:
        raise too_large
    parts, size = [], 0
    try:
        async with asyncio.timeout(within_s):
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    raise too_large
                parts.append(part)
    except TimeoutError:
        raise BodyError(408, f"the body did not come within {within_s:g} s") from None
    except ClientDisconnect:
        raise BodyError(400, "the body is not whole") from None
    return b"".join(parts)
