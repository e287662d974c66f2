"""`plantstream notify` with a real Kafka, a real mail server, and a provider that counts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio
from twilio.request_validator import RequestValidator

from plantstream.commands.scrape import total
from plantstream.runtime import clock
from plantstream.runtime.kafka.admin import apply_topics
from plantstream.runtime.settings import KafkaSettings
from schemas.alerts import AlertStatus, Notification
from schemas.model import PlantPublished
from schemas.plant.load import PlantFile
from schemas.topics import ALERT_LATEST, CATALOGUE, MODEL
from tests.parts import eventually, running_kafka
from tests.sinks.notify.channels.mailbox import SECRET
from tests.sinks.notify.channels.stub import HANG
from tests.sinks.notify.pager import ACCOUNT, AGAIN, SITE, Pager, pager

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]
LIMIT_S = 60
STOP_S = 8.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kafka(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[KafkaSettings]:
    async with running_kafka(tmp_path_factory.mktemp("kafka")) as running:
        await apply_topics(running.settings, CATALOGUE)
        yield running.settings


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(
    kafka: KafkaSettings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pager]:
    async with pager(kafka, tmp_path_factory.mktemp("pager")) as made:
        yield made


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.2)


async def delivered(world: Pager, *told: Notification) -> None:
    wanted = {one.id for one in told}

    async def met() -> bool:
        return await world.over() >= wanted

    await until(met)


def unit_of(one: Notification) -> str:
    """The machine that it is about, and no other."""
    return one.alerts[0].labels["equipment"]


def mails_of(world: Pager, one: Notification) -> int:
    """How many mails of a notification arrived."""
    return sum(
        unit_of(one) in mail.get_body(("plain",)).get_content() for mail in world.mailbox.mails
    )


async def test_each_arrives_once_with_intent_and_outcome_and_is_not_sent_again(world: Pager):
    mails = [world.told("mail") for _ in range(10)]
    texts = [world.told("sms") for _ in range(10)]
    others = world.told("sms", site="acme/elsewhere")
    async with world.running() as notifier:
        await world.publish(*mails, others, *texts)
        await delivered(world, *mails, *texts)
        found = await notifier.metrics()
        began = clock.monotonic()
        await notifier.stop()
        took_s = clock.monotonic() - began

        assert notifier.process.returncode == 0, notifier.last_words()
    assert took_s < STOP_S
    assert total(found, "plantstream_notify_attempts_total") == 20
    async with world.running():
        last = world.told("mail")
        await world.publish(*texts[:3], last)
        await delivered(world, last)

    assert [mails_of(world, one) for one in (*mails, last)] == [1] * 11
    assert [world.units()[unit_of(one)] for one in texts] == [1] * 10
    assert set(world.mailbox.recipients) == {"ana@plant.example"}
    for one in (*mails, *texts):
        known = [a.outcome for a in await world.attempts() if a.notification == one.id]
        assert known == ["intent", "accepted"]
    assert others.id not in {one.notification for one in await world.attempts()}


@pytest.mark.kill
@pytest.mark.parametrize("point", ["notify.intended", "notify.sent"])
async def test_killed_it_loses_nothing_and_repeats_what_was_under_way_marked(
    world: Pager, point: str
):
    told = [world.told("sms") for _ in range(20)]
    units = {one.id: unit_of(one) for one in told}
    async with world.running(fault=f"{point}@7") as victim:
        await world.publish(*told)
        await victim.held()
        await victim.kill()
    over = await world.over()
    begun = {one.notification for one in await world.attempts()} - over
    async with world.running():
        await delivered(world, *told)

    arrived = world.units()
    marked = [text for text in world.texts() if AGAIN in text]
    assert {units[one.id] for one in told} <= set(arrived)
    for one in told:
        unit = f"[{units[one.id]}]"
        times = arrived[units[one.id]]
        repeats = sum(unit in text for text in marked)
        assert times - repeats <= 1
        assert repeats <= (one.id in begun)
    assert begun & {one.id for one in told}


async def test_it_stops_in_time_whoever_does_not_answer(world: Pager):
    told, before = world.told("sms"), len(world.provider.heard)
    world.provider.says.append(HANG)
    async with world.running() as notifier:
        await world.publish(told)
        await eventually(lambda: len(world.provider.heard) > before, LIMIT_S)
        began = clock.monotonic()
        await notifier.stop()
        took_s = clock.monotonic() - began

        assert notifier.process.returncode == 0, notifier.last_words()
        assert "sent again at the next start" in notifier.last_words()
    async with world.running():
        await delivered(world, told)

    assert took_s < STOP_S
    (_, again) = [text for text in world.texts() if unit_of(told) in text]
    assert AGAIN in again


async def test_what_twilio_accepted_and_could_not_deliver_goes_by_mail_once(world: Pager):
    told = world.told("sms", fallback=("mail",))
    async with world.running():
        await world.publish(told)
        await delivered(world, told)
        url = world.provider.forms()[-1]["StatusCallback"]
        (sent,) = [one for one in await world.attempts() if one.notification == told.id][1:]
        form = {"AccountSid": ACCOUNT, "MessageStatus": "undelivered", "ErrorCode": "30003"}
        form |= {"MessageSid": str(sent.provider_id)}
        signature = RequestValidator(SECRET).compute_signature(url, form)
        async with httpx2.AsyncClient() as client:

            async def reported() -> bool:
                headers = {"X-Twilio-Signature": signature}
                answer = await client.post(url, data=form, headers=headers)
                return answer.status_code == 204 and mails_of(world, told) > 0

            await until(reported)
            for _ in range(3):
                await reported()
        last = world.told("mail")
        await world.publish(last)
        await delivered(world, last)

    assert url == f"{world.outside}/in/twilio/sms/status"
    assert mails_of(world, told) == 1
    known = [(a.channel, a.outcome) for a in await world.attempts() if a.notification == told.id]
    assert known == [
        ("sms", "intent"),
        ("sms", "accepted"),
        ("sms", "failed"),
        ("mail", "intent"),
        ("mail", "accepted"),
    ]


async def test_the_link_of_a_mail_opens_the_page(world: Pager):
    told = world.told("mail")
    alert = told.alerts[0]
    status = AlertStatus(
        plant_version="v1",
        site=SITE,
        fingerprint=alert.fingerprint,
        starts_at=alert.starts_at,
        at=alert.at,
        alert=alert,
    )
    await world.record(ALERT_LATEST, status)
    async with world.running(), httpx2.AsyncClient() as client:
        await world.publish(told)
        await delivered(world, told)
        text = world.mailbox.mails[-1].get_body(("plain",)).get_content()
        link = next(word for word in text.split() if word.startswith(world.outside))

        async def shown() -> bool:
            return (await client.get(link)).status_code == 200

        await until(shown)
        page = await client.get(link)

    assert "El reactor A está demasiado caliente" in page.text


def published(file: PlantFile, number: int) -> PlantPublished:
    return PlantPublished(
        site=SITE,
        plant_version=file.version,
        file=file.file,
        text=file.text,
        published_at=clock.now(),
        number=number,
        in_force_from=clock.now() - timedelta(seconds=1),
    )


async def test_a_plant_file_that_is_applied_holds_for_what_comes_after_it(world: Pager):
    before, after = world.told("sms"), world.told("sms")
    await world.record(MODEL, published(world.plant("old"), 1))
    async with world.running("--site", SITE):
        await world.publish(before)
        await delivered(world, before)
        await world.record(MODEL, published(world.plant("new"), 2))

        async def is_used() -> bool:
            probe = world.told("sms")
            await world.publish(probe)
            await delivered(world, probe)
            return bool(world.texts("new"))

        await until(is_used)
        await world.publish(after)
        await delivered(world, after)

    assert any(f"[{unit_of(after)}]" in text for text in world.texts("new"))
    assert len(world.texts("old")) >= 1


async def test_two_share_the_work_and_hand_it_over(world: Pager, tmp_path: Path):
    first, second = ([world.told("sms") for _ in range(30)] for _ in range(2))
    web = world.web_port
    async with world.running():
        await world.publish(*first)
        world.web_port += 1
        file = tmp_path / "plant.yaml"
        file.write_text(world.plant().text, "utf-8")
        async with world.running("--plant", str(file), "--slot", "1"):
            await world.publish(*second)
            await delivered(world, *first, *second)
    world.web_port = web

    arrived = world.units()
    assert [arrived[unit_of(one)] for one in (*first, *second)] == [1] * 60
