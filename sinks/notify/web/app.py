"""The HTTP interface of `notify`: every way in."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sinks.notify.web.acknowledge import acknowledge_routes
from sinks.notify.web.alertmanager import alertmanager_routes
from sinks.notify.web.office import Office
from sinks.notify.web.pagerduty import pagerduty_routes
from sinks.notify.web.twilio import twilio_routes
from sinks.notify.web.whatsapp import whatsapp_routes


def create_app(office: Office) -> Starlette:
    """The application of one site."""

    async def robots(_: Request) -> Response:
        return PlainTextResponse("User-agent: *\nDisallow: /\n")

    return Starlette(
        routes=[
            *acknowledge_routes(office),
            *twilio_routes(office),
            *whatsapp_routes(office),
            *pagerduty_routes(office),
            *alertmanager_routes(office),
            Route("/robots.txt", robots),
        ]
    )
