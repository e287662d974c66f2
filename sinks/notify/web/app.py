"""The HTTP interface of `notify`: every way in, and one answer to what is refused."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sinks.notify.web.acknowledge import acknowledge_routes
from sinks.notify.web.office import Office


def create_app(office: Office) -> Starlette:
    """The application of one site."""

    async def robots(_: Request) -> Response:
        return PlainTextResponse("User-agent: *\nDisallow: /\n")

    return Starlette(routes=[*acknowledge_routes(office), Route("/robots.txt", robots)])
