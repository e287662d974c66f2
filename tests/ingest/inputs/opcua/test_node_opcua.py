"""The input against node-opcua: another hand wrote that server than wrote our client."""

import pytest
from prometheus_client import CollectorRegistry

from ingest.input import Alarm, Sample, Unreadable
from ingest.inputs.opcua.certificates import OwnCertificate, own_certificate
from ingest.metrics import SourceMetrics
from plantstream.runtime.errors import MisconfiguredError
from schemas.plant.sources import Deadband, Security
from schemas.plant.tags import Tag
from tests.ingest.inputs.opcua import node_opcua
from tests.ingest.inputs.opcua.conftest import free_port

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One that offers everything; tests leave its values as they please."""
    directory = tmp_path_factory.mktemp("node-opcua")
    modes = ["None", "Sign", "SignAndEncrypt"]
    policies = ["None", *node_opcua.POLICIES]
    with node_opcua.running(directory, free_port(), policies=policies, modes=modes) as running:
        yield running


@pytest.fixture
def hearing(server, source, equipment, listening):
    """A listener to the server, with these tags besides."""

    def hear(*tags, **options):
        return listening(source(server), equipment(*tags), **options)

    return hear


@pytest.fixture
def metered():
    """Meters, and a way to read them."""
    registry = CollectorRegistry()
    meters = SourceMetrics(registry).of("plc")

    def read(name):
        return registry.get_sample_value(f"plantstream_source_{name}", {"source": "plc"})

    return meters, read


def samples(seen, tag):
    return [one for one in seen if isinstance(one, Sample) and one.tag == tag]


def values(seen, tag):
    return [one.value for one in samples(seen, tag)]


def tag(name, **more):
    return Tag(name=name.lower(), node=f"nsu={node_opcua.NAMESPACE};s={name}", **more)


async def say_all(server, heard, name, said):
    """Write the values one after another, each so long that the server sees it."""
    for count, value in enumerate(said, start=1):
        server.write(name, value)
        server.write("Good", 1000 + count)
        await heard.until(lambda seen, count=count: 1000 + count in values(seen, "good"))


@pytest.mark.parametrize("mode", ["Sign", "SignAndEncrypt"])
@pytest.mark.parametrize("policy", node_opcua.POLICIES)
async def test_node_opcua_is_read_through_each_policy(
    server, source, equipment, listening, policy, mode
):
    wanted = source(server)
    security = wanted.security.model_copy(update={"policy": policy, "mode": mode})
    wanted = wanted.model_copy(update={"security": security})
    async with listening(wanted, equipment()) as heard:
        assert await heard.until(lambda seen: values(seen, "state") and values(seen, "good"))


async def test_node_opcua_is_read_without_security(server, source, equipment, listening):
    wanted = source(server, security=Security(policy="None", mode="None"))
    async with listening(wanted, equipment()) as heard:
        assert await heard.until(lambda seen: values(seen, "state"))


@pytest.mark.parametrize("password", ["secret", "wrong"])
async def test_node_opcua_knows_a_user_by_the_password(
    server, as_edge, equipment, listening, password
):
    wanted = as_edge(server, password)
    async with listening(wanted, equipment()) as heard:
        if password == "secret":
            assert await heard.until(lambda seen: values(seen, "state"))
        else:
            with pytest.raises(MisconfiguredError, match="refuses the user edge"):
                await heard.until(lambda _: False)


async def test_node_opcua_knows_a_user_by_the_certificate(
    server, source, equipment, listening, tmp_path
):
    user = OwnCertificate(tmp_path / "user.der", tmp_path / "user.pem")
    own_certificate(user, "urn:test:user", "user")
    named = {"user_certificate": str(user.certificate), "user_private_key": str(user.private_key)}
    async with listening(source(server, **named), equipment()) as heard:
        assert await heard.until(lambda seen: values(seen, "state"))


async def test_an_array_of_node_opcua_is_reported_once(server, source, equipment, listening):
    async with listening(source(server), equipment(tag("Curve"))) as heard:
        seen = await heard.until(
            lambda seen: any(isinstance(one, Unreadable) for one in seen) and values(seen, "state")
        )
    (told,) = [one for one in seen if isinstance(one, Unreadable)]
    assert "an array of Double" in told.reason


@pytest.mark.parametrize(
    ("name", "deadband"),
    [
        pytest.param("Temperature", {"absolute": 3.0}, id="absolute"),
        pytest.param("Temperature", {"percent": 1.5}, id="percent of the range of 200"),
        pytest.param("Level", {"absolute": 3.0}, id="absolute, without a range"),
    ],
)
async def test_node_opcua_holds_back_what_is_within_the_deadband(
    server, hearing, metered, name, deadband
):
    meters, read = metered
    server.write(name, 20)
    one = tag(name, deadband=Deadband(**deadband))
    async with hearing(one, meters=meters) as heard:
        await heard.until(lambda seen: values(seen, one.name) and values(seen, "state"))
        before = read("notifications_total")
        await say_all(server, heard, name, range(21, 29))
        seen = await heard.until(lambda seen: 28 in values(seen, one.name))
    assert values(seen, one.name) == [20, 24, 28]
    assert {each.filtered for each in samples(seen, one.name)} == {True}
    assert read("notifications_total") - before == 2 + 8


async def test_a_deadband_that_node_opcua_refuses_is_left_to_the_edge_and_told(
    server, hearing, capsys
):
    server.write("Level", 100)
    one = tag("Level", deadband=Deadband(percent=10))
    async with hearing(one) as heard:
        await heard.until(lambda seen: values(seen, "level"))
        await say_all(server, heard, "Level", (105, 110, 112, 120, 124))
        seen = await heard.until(lambda seen: 124 in values(seen, "level"))
    assert values(seen, "level") == [100, 105, 110, 112, 120, 124]
    assert not any(each.filtered for each in samples(seen, "level"))
    told = [line for line in capsys.readouterr().err.splitlines() if "deadbands" in line]
    assert len(told) == 1
    assert "level" in told[0]


async def test_node_opcua_is_polled_where_the_plant_file_says_so(
    server, source, equipment, listening
):
    server.write("Good", 100)
    missing = tag("Missing")
    async with listening(source(server, mode="poll"), equipment(missing)) as heard:
        await heard.until(lambda seen: values(seen, "good"))
        server.write("Good", 101)
        seen = await heard.until(lambda seen: 101 in values(seen, "good"))
    assert values(seen, "good") == [100, 101]
    (told,) = [one for one in seen if isinstance(one, Unreadable)]
    assert "no such node" in told.reason


async def test_an_alarm_of_node_opcua_rises_is_acknowledged_and_ends(
    server, source, equipment, listening
):
    server.write("Temperature", 20)

    def alarms(seen):
        return [one for one in seen if isinstance(one, Alarm) and one.name == "TooHot"]

    async with listening(source(server, alarms=True), equipment(tag("Temperature"))) as heard:
        await heard.until(lambda seen: values(seen, "temperature"))
        server.write("Temperature", 120)
        await heard.until(lambda seen: any(one.active for one in alarms(seen)))
        server.order("acknowledge")
        await heard.until(lambda seen: any(one.acknowledged for one in alarms(seen)))
        server.write("Temperature", 20)
        seen = await heard.until(lambda seen: not alarms(seen)[-1].active)
    first, *_, last = alarms(seen)
    assert (first.active, first.acknowledged, first.retained) == (True, False, True)
    assert (last.active, last.acknowledged) == (False, True)
    assert first.condition == last.condition
    assert first.origin_name.endswith("Device")
    assert 1 <= first.severity <= 1000


async def test_an_alarm_of_node_opcua_that_is_on_already_is_told(
    server, source, equipment, listening
):
    server.write("Temperature", 120)
    async with listening(source(server, alarms=True), equipment()) as heard:
        seen = await heard.until(lambda seen: any(isinstance(one, Alarm) for one in seen))
    server.write("Temperature", 20)
    assert [one.active for one in seen if isinstance(one, Alarm)] == [True]


async def test_an_alarm_of_node_opcua_that_is_still_on_is_told_once_over_a_restart_of_the_edge(
    server, source, equipment, listening
):
    def alarms(seen):
        return [one for one in seen if isinstance(one, Alarm)]

    server.write("Temperature", 120)
    with_alarms = source(server, alarms=True)
    async with listening(with_alarms, equipment()) as heard:
        await heard.until(lambda seen: any(one.active for one in alarms(seen)))
    async with listening(with_alarms, equipment(), position=heard.position) as heard_again:
        await heard_again.until(lambda seen: values(seen, "good"))
        server.write("Good", 177)
        seen = await heard_again.until(lambda seen: 177 in values(seen, "good"))
    server.write("Temperature", 20)
    assert alarms(seen) == []
