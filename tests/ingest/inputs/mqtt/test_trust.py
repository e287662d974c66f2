"""Who may speak with whom: TLS, names, passwords and certificates at a real mosquitto."""

import asyncio
import logging
import ssl
import subprocess
import traceback
from contextlib import aclosing

import pytest
import trustme
from pydantic import ValidationError
from structlog.testing import capture_logs

from ingest.input import Sample
from ingest.inputs.mqtt.input import MqttInput
from ingest.inputs.mqtt.trust import tls_of
from plantstream.runtime.errors import MisconfiguredError
from schemas.plant.secrets import Secret
from schemas.plant.sources import MqttSource
from tests.ingest.inputs.mqtt.conftest import TOPIC, source


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """An authority, a certificate of a broker at 127.0.0.1, another's, and one of a client."""
    folder = tmp_path_factory.mktemp("tls")
    authority, other = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    other.cert_pem.write_to_path(str(folder / "other-ca.pem"))
    issued = {
        "broker": authority.issue_cert("127.0.0.1"),
        "elsewhere": authority.issue_cert("broker.example"),
        "client": authority.issue_cert("edge"),
        "stranger": other.issue_cert("edge"),
    }
    for name, certificate in issued.items():
        certificate.private_key_pem.write_to_path(str(folder / f"{name}.key"))
        certificate.cert_chain_pems[0].write_to_path(str(folder / f"{name}.pem"))
    return folder


@pytest.fixture
def secured(mosquitto, files):
    """A broker that speaks TLS under one of the certificates."""

    def start(name="broker", *more):
        return mosquitto(
            "allow_anonymous true",
            f"certfile {files / name}.pem",
            f"keyfile {files / name}.key",
            *more,
        )

    return start


@pytest.fixture
def passwords(tmp_path):
    """Lines for a broker that knows one user, edge."""
    let_in(tmp_path, "secret")
    return "allow_anonymous false", f"password_file {tmp_path / 'passwords'}"


def let_in(folder, word):
    """Write the file of the only user, edge, that mosquitto reads when it starts."""
    command = ["mosquitto_passwd", "-b", "-c", folder / "passwords", "edge", word]
    subprocess.run(command, check=True, timeout=10)


def over_tls(broker, **changed):
    return source(broker, "mqtts", **changed)


async def accepted(heard):
    await heard.until(lambda _: heard.connected)


async def refusal(given, equipment):
    async with aclosing(MqttInput("line", given, equipment).chunks(None)) as chunks:
        async with asyncio.timeout(10):
            with pytest.raises(MisconfiguredError) as refused:
                await anext(chunks)
    return str(refused.value)


async def test_values_come_over_tls_of_mosquitto(secured, files, equipment, publishing, listening):
    broker, ca = secured(), files / "ca.pem"
    with publishing(broker, ca=ca) as device:
        async with listening(over_tls(broker, ca=str(ca)), equipment()) as heard:
            await accepted(heard)
            await asyncio.to_thread(device.say, TOPIC, '{"n": 1}')
            seen = await heard.until(lambda seen: any(isinstance(one, Sample) for one in seen))
    assert seen


@pytest.mark.parametrize(
    ("name", "ca", "said"),
    [
        pytest.param("broker", "other-ca.pem", "certificate is not trusted", id="another CA"),
        pytest.param("broker", None, "certificate is not trusted", id="public CAs only"),
        pytest.param("elsewhere", "ca.pem", "not valid for '127.0.0.1'", id="another name"),
    ],
)
async def test_a_mosquitto_that_cannot_prove_itself_is_not_trusted(
    secured, files, equipment, name, ca, said
):
    given = over_tls(secured(name), ca=ca and str(files / ca))
    told = await refusal(given, equipment())
    assert said in told
    assert "correct broker, ca, user" in told


async def test_mosquitto_lets_in_who_shows_a_certificate_of_its_authority(
    secured, files, equipment, listening
):
    broker = secured("broker", f"cafile {files / 'ca.pem'}", "require_certificate true")
    given = over_tls(
        broker,
        ca=str(files / "ca.pem"),
        certificate=str(files / "client.pem"),
        private_key=str(files / "client.key"),
    )
    async with listening(given, equipment()) as heard:
        await accepted(heard)


async def test_a_password_of_mosquitto_opens(mosquitto, passwords, equipment, listening, kept):
    given = source(mosquitto(*passwords), user="edge", password=kept("secret"))
    async with listening(given, equipment()) as heard:
        await accepted(heard)


async def test_a_changed_password_is_taken_at_the_next_connection(
    mosquitto, passwords, equipment, listening, kept, tmp_path
):
    broker = mosquitto(*passwords)
    async with listening(source(broker, user="edge", password=kept("secret")), equipment()) as one:
        await accepted(one)
        await asyncio.to_thread(broker.kill)
        await asyncio.to_thread(let_in, tmp_path, "changed")
        await asyncio.to_thread(broker.start)
        await one.until(lambda _: one.meters.trouble)
        assert f"password (the file {tmp_path / 'word'})" in one.meters.trouble
        kept("changed")
        await accepted(one)
    assert one.meters.trouble is None


async def test_a_password_that_is_missing_is_told(mosquitto, passwords, equipment):
    given = source(mosquitto(*passwords), user="edge", password=Secret(env="NOBODY_SET_THIS"))
    told = await refusal(given, equipment())
    assert told.startswith("password of source line: the variable NOBODY_SET_THIS is missing")


@pytest.mark.parametrize("login", [{}, {"user": "edge"}, {"user": "who"}])
async def test_mosquitto_refuses_who_has_no_password_and_a_person_is_told(
    mosquitto, passwords, equipment, login
):
    told = await refusal(source(mosquitto(*passwords), **login), equipment())
    assert "Not authorized" in told
    assert login.get("user", "anonymous") in told


async def test_a_refused_password_is_in_no_text(mosquitto, passwords, equipment, kept, caplog):
    word = "open-sesame"
    kept_at = kept(word)
    given = source(mosquitto(*passwords), user="edge", password=kept_at)
    with caplog.at_level(logging.DEBUG), capture_logs() as logged:
        chunks = MqttInput("line", given, equipment()).chunks(None)
        with pytest.raises(MisconfiguredError) as refused:
            await anext(chunks)

    told = "".join(traceback.format_exception(refused.value))
    assert f"password (the file {kept_at.file})" in told
    assert all(word not in text for text in (told, caplog.text, str(logged), repr(given)))


@pytest.mark.parametrize(
    ("certificate", "private_key", "said"),
    [
        pytest.param("client.pem", "stranger.key", "no certificate and its key", id="another key"),
        pytest.param("nowhere.pem", "client.key", "No such file", id="no file"),
    ],
)
def test_a_certificate_of_ours_that_is_none_is_told(files, certificate, private_key, said):
    given = MqttSource(
        type="mqtt",
        broker="mqtts://x",
        certificate=str(files / certificate),
        private_key=str(files / private_key),
    )
    with pytest.raises(MisconfiguredError, match=said):
        tls_of(given)


@pytest.mark.parametrize("name", ["nowhere.pem", "broker.key"])
def test_an_authority_that_is_none_is_told(files, name):
    given = MqttSource(type="mqtt", broker="mqtts://x", ca=str(files / name))
    with pytest.raises(MisconfiguredError, match="correct ca in the plant file"):
        tls_of(given)


def test_names_and_certificates_are_always_verified():
    context = tls_of(MqttSource(type="mqtt", broker="mqtts://x"))
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert tls_of(MqttSource(type="mqtt", broker="mqtt://x")) is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        pytest.param({"broker": "mqtt://x", "ca": "y"}, "belong to TLS", id="ca without TLS"),
        pytest.param({"broker": "mqtts://x", "certificate": "y"}, "go together", id="no key"),
        pytest.param(
            {"broker": "mqtt://x", "password": {"env": "Y"}}, "needs a user", id="no user"
        ),
        pytest.param({"broker": "mqtt://x:99999"}, "a port is", id="no port"),
        pytest.param({"broker": "mqtt://edge@x"}, "pattern", id="a user in the address"),
        pytest.param({"broker": "x:1883"}, "pattern", id="no scheme"),
    ],
)
def test_what_does_not_fit_is_refused(fields, said):
    with pytest.raises(ValidationError, match=said):
        MqttSource(type="mqtt", **fields)


def test_ports_have_defaults():
    assert MqttSource(type="mqtt", broker="mqtt://a.b").address == ("a.b", 1883)
    assert MqttSource(type="mqtt", broker="mqtts://a.b").address == ("a.b", 8883)
    assert MqttSource(type="mqtt", broker="mqtt://a.b:1").address == ("a.b", 1)
