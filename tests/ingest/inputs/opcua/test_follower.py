"""One server over two connections, whose subscription is handed over and late to speak."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from asyncua import ua

from ingest.backlog import Backlog
from ingest.input import Missed, Sample
from ingest.inputs.opcua.follower import Follower
from ingest.metrics import SourceMeters
from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.logs import get_logger
from schemas.plant.equipment import Equipment
from schemas.plant.sources import OpcUaSource, Security
from schemas.plant.tags import Tag

PATH = "e/s/a/l/one"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
DATA: Any = ua.DataValue


class Session:
    """Session and connection of a server without a history; its answers are said by the test."""

    def __init__(self, number: int, value: int = 0, *, breaks: bool = False) -> None:
        self.session = self
        self.ended: list[int] = []
        self.lost = asyncio.Event()
        self.refreshed = 0
        self._value, self._breaks = value, breaks
        self._number = number
        self._subscription_callbacks: dict[int, Callable[[ua.PublishResult], None]] = {}

    async def namespaces(self) -> list[str]:
        return ["", "u"]

    async def current_time(self) -> datetime:
        return NOW

    async def started_at(self) -> datetime:
        return NOW

    async def limit(self, _: object) -> int:
        return 100

    async def read_all(self, nodes: list[Any], _: object = None) -> list[ua.DataValue]:
        if self._breaks:
            raise UnavailableError("gone")
        return [DATA(ua.Variant(self._value), SourceTimestamp=NOW) for _ in nodes]

    async def call(self, methods: list[Any]) -> list[ua.CallMethodResult]:
        self.refreshed += 1
        return [ua.CallMethodResult() for _ in methods]

    async def create_subscription(self, _: object, told: Any) -> Any:
        self._subscription_callbacks[self._number] = told
        return SimpleNamespace(
            SubscriptionId=self._number, RevisedPublishingInterval=10, RevisedMaxKeepAliveCount=1
        )

    async def create_monitored_items(self, wanted: Any) -> list[Any]:
        good = ua.MonitoredItemCreateResult(RevisedQueueSize=10_000)
        return [good for _ in wanted.ItemsToCreate]

    async def transfer_subscriptions(self, _: object) -> list[ua.TransferResult]:
        return [ua.TransferResult()]

    async def delete_subscriptions(self, numbers: list[int]) -> None:
        self.ended += numbers

    def ensure_publish_loop(self) -> None:
        pass

    def say(self, subscription: int, number: int, value: int) -> None:
        """Answer, as the library hands it on."""
        data = DATA(ua.Variant(value), SourceTimestamp=NOW)
        item = ua.MonitoredItemNotification(0, data)
        told = [ua.DataChangeNotification(MonitoredItems=[item])]
        message = ua.NotificationMessage(number, NOW, told)
        result = ua.PublishResult(subscription, NotificationMessage=message)
        if subscription in self._subscription_callbacks:
            self._subscription_callbacks[subscription](result)


async def test_a_subscription_that_speaks_after_its_successor_was_made_is_not_heard() -> None:
    tags = [Tag(name="t", node="nsu=u;s=T")]
    source = OpcUaSource(
        type="opcua", endpoint="opc.tcp://x", security=Security(policy="None", mode="None")
    )
    backlog = Backlog()
    watched = [(PATH, Equipment(id="one", area="a", line="l", tags=tags))]
    follower = Follower(source, watched, backlog, SourceMeters.unseen(), get_logger("test"))
    first: Any = Session(1)
    await follower.begin(first)
    first.say(1, 7, 10)
    follower.translator.interrupt("cut")
    second: Any = Session(2)
    await follower.begin(second)

    second.say(2, 1, 11)
    second.say(1, 8, 11)
    second.say(2, 2, 12)

    seen = backlog.take(100)
    assert [one.value for one in seen if isinstance(one, Sample)] == [10, 11, 12]
    assert [one.reason for one in seen if isinstance(one, Missed)] == ["cut"]
    assert second.ended == [1]


async def resumed(follower: Follower, session: Any, number: int, value: int) -> None:
    """Lose the connection, and go on over this one, where answers begin at this number."""
    follower.translator.interrupt("cut")
    beginning = asyncio.create_task(follower.begin(session))
    await asyncio.sleep(0.01)
    session.say(1, number, value)
    await beginning
    following = asyncio.create_task(follower.follow(session, lambda: None))
    await asyncio.wait({following}, timeout=0.05)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_what_a_server_does_not_say_again_after_a_reconnect_is_read() -> None:
    tags = [Tag(name="t", node="nsu=u;s=T"), Tag(name="batch", node="nsu=u;s=B", means="batch")]
    none = Security(policy="None", mode="None")
    source = OpcUaSource(type="opcua", endpoint="opc.tcp://x", security=none, alarms=True)
    backlog = Backlog()
    watched = [(PATH, Equipment(id="one", area="a", line="l", tags=tags))]
    follower = Follower(source, watched, backlog, SourceMeters.unseen(), get_logger("test"))
    first, *others = sessions = [Session(1), Session(1, breaks=True), Session(1, value=42)]
    one: Any = first
    await follower.begin(one)
    first.say(1, 7, 10)

    for number, session in enumerate(others, 9):
        await resumed(follower, session, number, number)

    seen = backlog.take(100)
    assert [one.value for one in seen if isinstance(one, Sample) and one.tag == "batch"] == [42]
    assert [one.reason for one in seen if isinstance(one, Missed)] == [
        "answers 8 to 8 of the server were lost"
    ]
    assert [one.refreshed for one in sessions] == [1, 0, 1]
