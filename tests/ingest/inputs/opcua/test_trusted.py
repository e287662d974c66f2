"""Only a server that is trusted is listened to, and a person can change who that is."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.user_managers import UserManager

from ingest.input import Missed, Sample
from ingest.inputs.opcua import trust_list
from ingest.inputs.opcua.certificates import OwnCertificate, own_certificate
from ingest.inputs.opcua.input import REFUSED_RETRY_S
from plantstream.runtime.errors import MisconfiguredError
from schemas.plant.sources import Security
from tests.ingest.inputs.opcua.authority import Wanted, authority, issue


def has_a_sample(seen):
    return any(isinstance(one, Sample) for one in seen)


@pytest.fixture
def files(tmp_path):
    """The files of the server's certificate; the server makes them unless they are there."""
    return OwnCertificate(tmp_path / "server.der", tmp_path / "server.pem")


@pytest.fixture
def trusted(tmp_path):
    return tmp_path / "trusted"


@pytest.fixture
def hearing(serving, source, equipment, listening, trusted):
    """A listener to a server, with the trust list."""

    @asynccontextmanager
    async def hear():
        async with (
            serving() as server,
            listening(source(server, trust_list=trusted), equipment()) as heard,
        ):
            yield heard

    return hear


async def test_a_server_in_the_trust_list_is_read(hearing, files, trusted):
    server_pair = issue(Wanted())
    server_pair.write(files)
    trust_list.add(trusted, server_pair.certificate)
    async with hearing() as heard:
        assert await heard.until(has_a_sample)


async def test_a_server_of_a_trusted_issuer_is_read(hearing, files, trusted):
    root = authority()
    issue(Wanted(), root).write(files)
    trust_list.add(trusted, root.certificate)
    async with hearing() as heard:
        assert await heard.until(has_a_sample)


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        pytest.param("urn:new", r"plantstream trust add opc\.tcp://", id="untrusted"),
        pytest.param("urn:test:server", "its certificate changed", id="changed"),
    ],
)
async def test_any_other_server_is_refused_at_the_start(hearing, files, trusted, uri, told):
    issue(Wanted(uri=uri)).write(files)
    trust_list.add(trusted, issue(Wanted()).certificate)
    async with hearing() as heard:
        with pytest.raises(MisconfiguredError, match=told):
            await heard.until(lambda _: False)


async def test_a_trusted_certificate_of_another_host_is_refused(hearing, files, trusted):
    elsewhere = issue(Wanted(hosts=("elsewhere",)))
    elsewhere.write(files)
    trust_list.add(trusted, elsewhere.certificate)
    async with hearing() as heard:
        with pytest.raises(MisconfiguredError, match=r"is for elsewhere and not for 127\.0\.0\.1"):
            await heard.until(lambda _: False)


async def test_a_changed_certificate_is_not_read_until_a_person_trusts_it(
    serving, source, equipment, listening, files, trusted
):
    first, second = issue(Wanted()), issue(Wanted())
    first.write(files)
    trust_list.add(trusted, first.certificate)
    refused = asyncio.Semaphore(0)

    async def noted(seconds: float) -> None:
        if seconds == REFUSED_RETRY_S:
            refused.release()
        await asyncio.sleep(0.02)

    async with serving() as server:
        wanted = source(server, trust_list=trusted)
        async with listening(wanted, equipment(), sleep=noted) as heard:
            await heard.until(has_a_sample)
            await server.stop()
            second.write(files)
            await server.start()
            seen = len(heard.seen)
            async with asyncio.timeout(20):
                for _ in range(5):
                    await refused.acquire()
            assert len(heard.seen) == seen
            trust_list.add(trusted, second.certificate)
            await heard.until(lambda seen: any(isinstance(one, Missed) for one in seen))


class OneCertificate(UserManager):
    def __init__(self, der):
        self._der = der

    def get_user(self, iserver, username=None, password=None, certificate=None):
        del iserver, username, password
        return User(role=UserRole.User) if certificate == self._der else None


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
async def test_a_user_with_a_certificate(tmp_path, serving, source, equipment, listening, known):
    user = OwnCertificate(tmp_path / "user.der", tmp_path / "user.pem")
    own_certificate(user, "urn:test:user", "user")
    named = {"user_certificate": str(user.certificate), "user_private_key": str(user.private_key)}
    users = OneCertificate(user.certificate.read_bytes() if known else b"")
    async with (
        serving(users=users) as server,
        listening(source(server, **named), equipment()) as heard,
    ):
        if known:
            assert await heard.until(has_a_sample)
        else:
            with pytest.raises(MisconfiguredError, match=r"refuses the user .*user\.der"):
                await heard.until(lambda _: False)


async def test_a_password_is_sent_in_clear_when_the_plant_file_says_so(
    serving, source, equipment, listening, one_user, kept
):
    open_to_all = Security(policy="None", mode="None")
    async with serving(users=one_user, secure=False) as server:
        word = {"user": "edge", "password": kept("secret"), "password_in_clear": True}
        async with listening(source(server, security=open_to_all, **word), equipment()) as heard:
            assert await heard.until(has_a_sample)
