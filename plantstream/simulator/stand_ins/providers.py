"""One local HTTP server for all providers: the first part of a path is the name of a channel."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import count

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from plantstream.runtime.http_server import Listening, serving
from plantstream.simulator.stand_ins.answers import Asked, answer
from plantstream.simulator.stand_ins.arrivals import Arrivals
from schemas.plant.alerts.channels import Channel

HOST = "127.0.0.1"
OWNER = "the demo's providers (--providers-port)"
_MOST_BYTES = 1024 * 1024
ByChannel = Mapping[str, Mapping[str, str]]
"""Secrets by channel and field."""


@asynccontextmanager
async def providers(
    arrivals: Arrivals, channels: Mapping[str, Channel], secrets: ByChannel, port: int
) -> AsyncIterator[str]:
    """The address at which they answer; port 0 lets the system choose one.

    Raises:
        MisconfiguredError: the port is taken.
    """
    numbers = count(1)

    async def take(request: Request) -> Response:
        name = request.path_params["channel"]
        body = await request.body()
        if name not in channels or len(body) > _MOST_BYTES:
            return Response(status_code=404)
        headers = {key.lower(): value for key, value in request.headers.items()}
        asked = Asked(next(numbers), request.url.path, headers, body, secrets.get(name, {}))
        answered = answer(channels[name].type, asked)
        if answered.kept is None:
            arrivals.refused.append(f"{name}: HTTP {answered.status} {answered.content}")
        else:
            arrivals.add(name, answered.to, answered.text, answered.kept)
        return Response(answered.content, answered.status, media_type=answered.media_type)

    app = Starlette(routes=[Route("/{channel}{rest:path}", take, methods=["POST"])])
    async with serving(app, Listening(HOST, port, owner=OWNER)) as served:
        yield served.url
