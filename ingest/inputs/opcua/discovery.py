"""What a server offers to anybody who asks, before there is any security: a claim, no proof."""

import asyncio

from asyncua import ua
from pydantic import ValidationError

from ingest.inputs.opcua.client import GuardedClient
from ingest.inputs.opcua.verdict import Shown, shown_by
from plantstream.runtime.errors import MisconfiguredError, UnavailableError
from schemas.plant.sources import OpcUaSource, Security

ANSWER_WITHIN_S = 15.0


async def endpoints_of(source: OpcUaSource) -> list[ua.EndpointDescription]:
    """The endpoints that the server offers; raises whatever asyncua does."""
    return await GuardedClient(source).connect_and_get_server_endpoints()


async def certificate_of(endpoint: str) -> Shown:
    """The certificate that the server at this address offers.

    Raises:
        UnavailableError: there is no such server now, or it has no certificate.
        MisconfiguredError: the address is none.
    """
    try:
        source = OpcUaSource(
            type="opcua", endpoint=endpoint, security=Security(policy="None", mode="None")
        )
    except ValidationError:
        # It may hold a password, so it is not repeated.
        raise MisconfiguredError(
            "this is no address of a server: write opc.tcp://host:4840, without user and password"
        ) from None
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            offered = await endpoints_of(source)
    except Exception as error:
        raise UnavailableError(
            f"{endpoint} cannot be reached: {type(error).__name__} {error}".strip()
        ) from error
    for one in sorted(offered, key=lambda one: -one.SecurityLevel):
        if one.ServerCertificate:
            return shown_by(one.ServerCertificate)
    raise UnavailableError(f"{endpoint} offers no certificate: give the server one")
