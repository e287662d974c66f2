"""A password is never said in clear unasked, whatever a server wants."""

from typing import Any

import pytest
from asyncua import ua
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256, SecurityPolicyNone

from ingest.inputs.opcua.client import GuardedClient
from plantstream.runtime.errors import MisconfiguredError
from schemas.plant.secrets import Secret
from schemas.plant.sources import OpcUaSource, Security

TOKEN: Any = ua.UserTokenPolicy


def client(mode: ua.MessageSecurityMode, policy: str, **word: Any) -> GuardedClient:
    """One that is connected so far that the server has told how it wants to hear passwords."""
    source = OpcUaSource(
        type="opcua",
        endpoint="opc.tcp://x",
        security=Security(mode="Sign"),
        user="edge",
        password=Secret(env="PASSWORD"),
        **word,
    )
    made = GuardedClient(source, password="secret")
    made.security_policy.Mode = mode
    made._policy_ids = [TOKEN(TokenType=ua.UserTokenType.UserName, SecurityPolicyUri=policy)]
    return made


async def test_a_password_that_would_go_in_clear_is_not_sent():
    made = client(ua.MessageSecurityMode.Sign, SecurityPolicyNone.URI)
    with pytest.raises(MisconfiguredError, match="wants the password in clear"):
        await made.activate_session("edge", "secret")


@pytest.mark.parametrize(
    ("mode", "policy", "word"),
    [
        pytest.param("SignAndEncrypt", SecurityPolicyNone.URI, {}, id="in an encrypted channel"),
        pytest.param("Sign", SecurityPolicyBasic256Sha256.URI, {}, id="encrypted by itself"),
        pytest.param("Sign", SecurityPolicyNone.URI, {"password_in_clear": True}, id="as told"),
    ],
)
def test_a_password_that_may_be_sent(mode, policy, word):
    made = client(ua.MessageSecurityMode[mode], policy, **word)
    assert not made._speaks_clear() or made._source.password_in_clear
