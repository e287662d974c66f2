"""Where a server does not tell what changes, it is asked."""

import pytest
from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.server.internal_session import InternalSession
from asyncua.server.monitored_item_service import MonitoredItemService
from asyncua.ua.status_codes import StatusCodes

from ingest.input import Alive, Missed, Sample
from tests.ingest.inputs.opcua.test_input import kinds, no_wait, values


@pytest.fixture
def no_subscriptions(monkeypatch):
    """Servers that know nothing of subscriptions, as small ones do."""

    async def refuse(*_, **__):
        raise ServiceError(StatusCodes.BadServiceUnsupported)

    monkeypatch.setattr(InternalSession, "create_subscription", refuse)


@pytest.mark.usefixtures("no_subscriptions")
async def test_a_server_without_subscriptions_is_polled(serving, source, equipment, listening):
    async with (
        serving() as server,
        listening(source(server), equipment(), sleep=no_wait) as heard,
    ):
        await heard.until(lambda seen: values(seen, "good") and kinds(seen, Alive))
        for count in (101, 102):
            await server.write("Good", count)
            await heard.until(lambda seen, count=count: count in values(seen, "good"))
        await server.stop()
        await server.start()
        seen = await heard.until(
            lambda seen: kinds(seen, Missed) and values(seen, "good")[-1] == 100
        )
    assert values(seen, "good") == [100, 101, 102, 100]
    (missed,) = kinds(seen, Missed)
    after = seen[seen.index(missed) :]
    assert all(one.source_time >= missed.end for one in kinds(after, Sample))


async def test_a_tag_that_the_server_will_not_watch_is_polled_and_the_others_are_not(
    monkeypatch, serving, source, equipment, listening
):
    create = MonitoredItemService._create_data_change_monitored_item

    async def only_one(self, params):
        if self._monitored_items:
            full = ua.MonitoredItemCreateResult()
            full.StatusCode = ua.StatusCode(StatusCodes.BadTooManyMonitoredItems)  # type: ignore[arg-type]
            return full
        return await create(self, params)

    monkeypatch.setattr(MonitoredItemService, "_create_data_change_monitored_item", only_one)
    async with serving() as server, listening(source(server), equipment()) as heard:
        await heard.until(lambda seen: values(seen, "good") and values(seen, "state"))
        await server.write("State", 7)
        await server.write("Good", 107)
        seen = await heard.until(lambda seen: 107 in values(seen, "good"))
        seen = await heard.until(lambda seen: 7 in values(seen, "state"))
    assert values(seen, "state") == [2, 7]
    assert values(seen, "good") == [100, 107]
