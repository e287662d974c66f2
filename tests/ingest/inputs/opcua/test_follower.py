"""One server over two connections, whose subscription is handed over and late to speak."""

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from asyncua import ua

from ingest.backlog import Backlog
from ingest.input import Missed, Sample
from ingest.inputs.opcua.follower import Follower
from ingest.metrics import SourceMeters
from plantstream.runtime.logs import get_logger
from schemas.plant.equipment import Equipment
from schemas.plant.sources import OpcUaSource, Security
from schemas.plant.tags import Tag

PATH = "e/s/a/l/one"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
DATA: Any = ua.DataValue


class Session:
    """Session and connection of a server without a history; its answers are said by the test."""

    def __init__(self, number: int) -> None:
        self.session = self
        self.ended: list[int] = []
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

    async def read_all(self, nodes: list[Any], _: object) -> list[ua.DataValue]:
        return [ua.DataValue() for _ in nodes]

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
