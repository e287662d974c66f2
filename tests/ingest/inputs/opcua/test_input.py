"""The input against a real server: what is said arrives, and what is missed is told."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from asyncua.ua.status_codes import StatusCodes

from ingest.backlog import Holding
from ingest.input import Alive, Missed, Sample, Unreadable
from ingest.inputs.opcua.certificates import OwnCertificate, own_certificate
from ingest.inputs.opcua.follower import Follower
from ingest.inputs.opcua.input import OpcUaInput
from plantstream.runtime import clock
from plantstream.runtime.errors import MisconfiguredError
from schemas.plant.sources import Security
from schemas.plant.tags import Tag
from tests.proxy import proxying

PATH = "e/s/a/l/one"
MOMENT = datetime(2026, 3, 1, 6, 0, 0, 123456, UTC)
OPEN = Security(policy="None", mode="None")


def values(seen, tag):
    return [one.value for one in seen if isinstance(one, Sample) and one.tag == tag]


def kinds(seen, kind):
    return [one for one in seen if isinstance(one, kind)]


async def no_wait(_: float) -> None:
    """Try again at once, but let the others run."""
    await asyncio.sleep(0.02)


async def test_values_arrive_with_the_time_and_quality_of_the_source(
    serving, source, equipment, listening
):
    async with serving() as server, listening(source(server), equipment()) as heard:
        await heard.until(lambda seen: len(seen) >= 2)
        await server.write("State", 6, at=MOMENT)
        later = MOMENT.replace(second=1)
        await server.write("State", 0, at=later, status=StatusCodes.BadNotConnected)
        seen = await heard.until(lambda seen: len(values(seen, "state")) >= 3)
    assert values(seen, "state")[0] == 2
    assert values(seen, "good") == [100]
    assert [one for one in kinds(seen, Sample) if one.tag == "state"][1:] == [
        Sample(PATH, "state", 6, MOMENT),
        Sample(PATH, "state", None, later, StatusCodes.BadNotConnected),
    ]


async def test_a_source_where_nothing_changes_is_alive(serving, source, equipment, listening):
    async with serving() as server, listening(source(server), equipment()) as heard:
        seen = await heard.until(lambda seen: len(kinds(seen, Alive)) >= 3)
    moments = [one.at for one in kinds(seen, Alive)]
    assert moments == sorted(set(moments))


async def test_the_counter_of_a_restarted_controller_is_seen_to_fall(
    serving, source, equipment, listening
):
    async with serving() as server, listening(source(server), equipment()) as heard:
        await heard.until(lambda seen: values(seen, "good"))
        for count in (101, 0, 1):
            await server.write("Good", count)
        seen = await heard.until(lambda seen: len(values(seen, "good")) >= 4)
    assert values(seen, "good") == [100, 101, 0, 1]


async def test_a_burst_between_two_answers_is_kept_up_to_the_queue(
    serving, source, equipment, listening
):
    slow = {"sampling_ms": 20, "publishing_ms": 400}
    async with serving() as server, listening(source(server, **slow), equipment()) as heard:
        await heard.until(lambda seen: values(seen, "good"))
        for count in range(101, 141):
            await server.write("Good", count)
        seen = await heard.until(lambda seen: 140 in values(seen, "good"))
    assert values(seen, "good") == list(range(100, 141))


async def test_a_node_that_the_server_lacks_is_told_once_and_the_others_run(
    serving, source, equipment, listening
):
    lost = Tag(name="lost", node="nsu=urn:test:plant;s=Lost")
    elsewhere = Tag(name="elsewhere", node="nsu=urn:elsewhere;s=X")
    async with (
        serving() as server,
        listening(source(server), equipment(lost, elsewhere), sleep=no_wait) as heard,
    ):
        await heard.until(lambda seen: values(seen, "state"))
        await server.stop()
        await server.start()
        seen = await heard.until(lambda seen: kinds(seen, Missed))
    told = {one.origin.rpartition(" ")[2]: one.reason for one in kinds(seen, Unreadable)}
    assert len(kinds(seen, Unreadable)) == 2
    assert "no such node" in told["nsu=urn:test:plant;s=Lost"]
    assert "no namespace urn:elsewhere" in told["nsu=urn:elsewhere;s=X"]
    assert all("plant file" in reason for reason in told.values())


async def test_a_restart_of_the_server_is_one_outage_and_the_stream_goes_on(
    serving, source, equipment, listening
):
    async with (
        serving() as server,
        listening(source(server), equipment(), sleep=no_wait) as heard,
    ):
        before = await heard.until(lambda seen: kinds(seen, Alive))
        await server.stop()
        # It numbers its namespaces anew, and has lost its counts.
        server._uris = ("urn:another", "urn:test:plant")
        await server.start()
        await server.write("Good", 3)
        await heard.until(lambda seen: kinds(seen, Missed) and 3 in values(seen, "good"))
        await server.write("State", 6)
        seen = await heard.until(lambda seen: 6 in values(seen, "state"))
    (missed,) = kinds(seen, Missed)
    assert missed.equipment == PATH
    assert missed.start >= max(one.at for one in kinds(before, Alive))
    assert missed.start < missed.end
    after = seen[seen.index(missed) + 1 :]
    assert all(one.source_time >= missed.end for one in kinds(after, Sample))


async def test_a_subscription_that_is_handed_over_and_stays_silent_is_made_anew(
    serving, source, equipment, listening, port
):
    """So does asyncua's server: it goes on to ask the lost connection for permission to speak."""
    async with serving() as server, proxying(port) as proxy:
        through = {"endpoint": server.endpoint.replace(str(port), str(proxy.port))}
        async with listening(source(server, **through), equipment(), sleep=no_wait) as heard:
            await heard.until(lambda seen: kinds(seen, Alive))
            cut = clock.now()
            async with proxy.away():
                await server.write("Good", 101)
            seen = await heard.until(lambda seen: 101 in values(seen, "good"))
    (missed,) = kinds(seen, Missed)
    assert missed.start <= cut <= missed.end


async def test_a_state_that_stood_in_a_lost_answer_is_read(
    serving, source, equipment, listening, monkeypatch
):
    """A server tells changes only: until the next one the machine would go on as it was."""
    hear = Follower._hear
    lost: list[Any] = []

    def hear_most(self, result):
        told = result.NotificationMessage.NotificationData or ()
        items = [item for one in told for item in one.MonitoredItems]
        if any(item.Value.Value.Value == 6 for item in items) and not lost:
            lost.append(result)
        else:
            hear(self, result)

    monkeypatch.setattr(Follower, "_hear", hear_most)
    async with serving() as server, listening(source(server), equipment()) as heard:
        await heard.until(lambda seen: values(seen, "state") and values(seen, "good"))
        await server.write("State", 6)
        await heard.until(lambda _: lost)
        await server.write("Good", 101)
        seen = await heard.until(lambda seen: 6 in values(seen, "state"))
    (missed,) = kinds(seen, Missed)
    (state,) = [one for one in kinds(seen, Sample) if (one.tag, one.value) == ("state", 6)]
    assert seen.index(missed) < seen.index(state)
    assert state.source_time == missed.end


async def test_a_slow_agent_loses_nothing_up_to_the_bound_and_is_told_of_the_rest_and_the_state(
    serving, source, equipment
):
    async with serving() as server:
        one = OpcUaInput("test", source(server), equipment(), holding=Holding(20))
        stream: Any = one.chunks(None)
        seen = list((await anext(stream)).observations)
        await server.write("State", 6)
        for count in range(101, 161):
            await server.write("Good", count)
            await asyncio.sleep(0.01)
        async with asyncio.timeout(20):
            while 160 not in values(seen, "good"):
                seen += (await anext(stream)).observations
        await stream.aclose()
    lost = sum(one.lost for one in kinds(seen, Missed))
    counted = values(seen, "good")
    assert lost + len(counted) == 61
    assert lost > 0
    assert counted[-1] == 160
    assert values(seen, "state") == [2, 6]


async def test_a_server_with_another_certificate_is_refused(
    tmp_path, serving, source, equipment, listening
):
    other = tmp_path / "other.der"
    async with serving() as server:
        own_certificate(OwnCertificate(other, tmp_path / "other.pem"), "urn:test:server", "other")
        async with listening(source(server, pinned=other), equipment()) as heard:
            with pytest.raises(MisconfiguredError, match="not trusted: its certificate is not the"):
                await heard.until(lambda _: False)


async def test_a_server_without_the_policy_is_refused(serving, source, equipment, listening):
    async with serving(secure=False) as server:
        own_certificate(server.files, "urn:test:server", "test")
        async with listening(source(server), equipment()) as heard:
            with pytest.raises(MisconfiguredError, match="offers None/None_ and not Sign"):
                await heard.until(lambda _: False)


async def test_without_security_when_the_plant_file_says_so(serving, source, equipment, listening):
    async with (
        serving(secure=False) as server,
        listening(source(server, security=OPEN), equipment()) as heard,
    ):
        seen = await heard.until(lambda seen: values(seen, "state"))
    assert values(seen, "state") == [2]


@pytest.mark.parametrize(
    "password", [pytest.param("secret", id="right"), pytest.param("x", id="wrong")]
)
async def test_user_and_password(serving, as_edge, equipment, listening, one_user, password):
    async with serving(users=one_user) as server:
        wanted = as_edge(server, password)
        async with listening(wanted, equipment()) as heard:
            if password == "secret":
                assert await heard.until(lambda seen: values(seen, "state"))
            else:
                with pytest.raises(MisconfiguredError, match="refuses the user edge"):
                    await heard.until(lambda _: False)


async def test_a_server_that_is_not_there_is_tried_again_every_second(
    serving, source, equipment, listening, port
):
    pauses: list[float] = []
    enough = asyncio.Event()

    async def noted(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 5:
            enough.set()
        await asyncio.sleep(0)

    async with serving(port=port) as server:
        await server.stop()
        async with listening(source(server), equipment(), sleep=noted):
            async with asyncio.timeout(20):
                await enough.wait()
    assert pauses[:5] == [0.5, 1, 1, 1, 1]
