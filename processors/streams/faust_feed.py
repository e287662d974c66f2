"""Faust as a feed: it owns group membership, assignment and fetching, and decides nothing else.

Of faust-streaming 0.15.3 seven things are worked around.

1. Its own acknowledgements commit past events in flight (faust-streaming/faust#606): nothing is
   acknowledged to it, and we commit what is durable.
2. It delivers records while it seeks after a rebalance: the consumer is held until it has sought.
3. It hands over record by record, each through four tasks, a queue and a stream, and drops those
   that a rebalance took back from it when they come again: what it fetches is taken as it was
   fetched (docs/adr/0007). The shell leaves out what it has and asks for what it lacks.
4. Its tables know neither transactions nor who wrote a row: state is in the journal.
5. It reads what a transaction may yet take back: its consumers are made to read what is committed.
6. It lets the broker wait for 1.5 s with an answer: half a second is enough, and the end of a log
   is still known where two such answers follow each other.
7. It deals out the partitions of all topics in one round, so that those of one number may come to
   different workers: they are dealt out topic by topic, in the same ranges.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Any

import faust
from faust.types import TP

from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.kafka import linked
from plantstream.runtime.kafka.admin import committed_offsets
from plantstream.runtime.kafka.client import client_arguments, translated
from plantstream.runtime.kafka.dealing import deal_together
from plantstream.runtime.logs import get_logger
from plantstream.runtime.ports import Assigned, Record, TopicPartition
from plantstream.runtime.reach import Reach
from plantstream.runtime.settings import KafkaSettings
from processors.streams.fetched import Fetched
from schemas.topics import Topic

POLL_S = 0.1
FETCH_S = 1.0
OTHERS_S = 0.001
"""What a rebalance asks of the event loop gets its turn between two polls, too."""
BUFFERED_RECORDS = 4096
"""Nothing more is fetched while so many wait; what aiokafka has at hand comes at once."""
SESSION_TIMEOUT_S = 6
HEARTBEAT_S = 2

log = get_logger()


def group_of(engine: str) -> str:
    """The consumer group of an engine."""
    return f"plantstream-{engine}"


class FaustFeed:
    """Records of an engine's input topics, as a static member of its consumer group."""

    def __init__(
        self, settings: KafkaSettings, engine: str, topics: Sequence[Topic], slot: str
    ) -> None:
        self._fetched: Fetched[TP, Any] = Fetched(BUFFERED_RECORDS)
        self._assigned: Assigned | None = None
        self._dealing = False
        self._settings, self._group = settings, group_of(engine)
        self._app = _app(settings, self._group, topics, slot)
        names = [topic.name for topic in topics]
        self._app.topics.add(self._app.topic(*names, acks=False))
        self._app.on_rebalance_complete.connect(self._hold)
        self._app.on_partitions_revoked.connect(self._rest)
        self._topics = set(names)
        self.reach = Reach()
        """For whoever uses it to tell how far he is; a rebalance takes all of it."""
        consumer: Any = self._app.consumer
        consumer._drain_messages = self._drain  # noqa: SLF001 - Faust has no setting for it
        _corrected(consumer._thread)  # noqa: SLF001

    async def __aenter__(self) -> "FaustFeed":
        """Join the group.

        Raises:
            MisconfiguredError: the broker refuses us.
            UnavailableError: it does not answer.
        """
        with suppress(UnavailableError):  # Faust waits for a busy broker, and for a refusal, too.
            await committed_offsets(self._settings, self._group)
        with self._translated():
            await self._app.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._app.stop()

    async def poll(self, limit: int) -> Sequence[Record] | Assigned:
        """What was fetched since, unless partitions are being taken from us."""
        if self._assigned is None:
            await self._wait()
        if self._assigned is not None:
            assigned, self._assigned = self._assigned, None
            return assigned
        given = [] if self._app.rebalancing else self._fetched.take(limit)
        if not given:
            self._watch()
        return [linked.as_record(one) for one in given]

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Commit through Faust, whose books of lag then stay right."""
        if not self._app.rebalancing:
            known = {TP(one.topic, one.partition): next for one, next in offsets.items()}
            consumer: Any = self._app.consumer
            with self._translated():
                await consumer._commit_offsets(known)  # noqa: SLF001 - the public one keeps books of acks

    async def rewind(self, position: TopicPartition, offset: int) -> int:
        """Seek, unless the group is about to deal the partitions out anew."""
        tp = TP(position.topic, position.partition)
        # A partition that is being taken from us cannot be sought: news of it follow.
        with suppress(UnavailableError), self._translated():
            starts = await self._app.consumer.earliest_offsets(tp)
            offset = max(offset, starts[tp])
            await self._app.consumer.seek_wait({tp: offset})
        return offset

    def end(self, position: TopicPartition) -> int | None:
        """The end of the log; None where it is not heard of now."""
        reader = self._reader
        tp = TP(position.topic, position.partition)
        return None if reader is None else linked.end_of(reader, tp)

    def is_read(self, position: TopicPartition, offset: int, end: int) -> bool:
        """Whether nothing but marks of transactions lies between these offsets."""
        reader, tp = self._reader, TP(position.topic, position.partition)
        return offset >= end if reader is None else linked.is_read(reader, tp, offset, end)

    def is_dealing(self) -> bool:
        """From the moment at which partitions are taken from us until `poll` says what is ours."""
        return self._dealing or self._assigned is not None

    async def is_member(self) -> bool:
        """Commit again what is committed: the group refuses those whom it gave up."""
        known = await committed_offsets(self._settings, self._group)
        ours = [tp for tp in self._app.consumer.assignment() if tp.topic in self._topics]
        if self.is_dealing() or self._app.rebalancing or not ours:
            return False
        told = {ours[0]: known.get(TopicPartition(ours[0].topic, ours[0].partition), 0)}
        consumer: Any = self._app.consumer
        with self._translated():
            is_taken = await consumer._commit_offsets(told)  # noqa: SLF001 - see `commit`
        return is_taken and not self.is_dealing()

    @property
    def _reader(self) -> Any:
        consumer: Any = self._app.consumer
        return consumer._thread._consumer  # noqa: SLF001 - Faust has no way to ask it

    async def _wait(self) -> None:
        """Until something is there, but not for long; let others have their turn in any case."""
        if self._fetched.comes.is_set():
            await asyncio.sleep(POLL_S if self._app.rebalancing else OTHERS_S)
            return
        # Not wait_for: that of Python 3.11 forgets a cancellation that comes with the record.
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_S):
                await self._fetched.comes.wait()

    async def _drain(self, fetcher: Any) -> None:
        """The loop of Faust's fetcher, in place of the consumer's own; it ends with either.

        It asks for nothing while the flow is stopped. An answer that was under way by then counts:
        what a rebalance seeks comes behind it, or the same again.
        """
        consumer: Any = self._app.consumer
        try:
            while not (consumer.should_stop or fetcher.should_stop):
                if self._fetched.has_room.is_set():
                    records, _ = await consumer._wait_next_records(FETCH_S)  # noqa: SLF001
                    self._fetched.add(records or {})
                else:
                    await fetcher.wait(self._fetched.has_room)
        except (*consumer.consumer_stopped_errors, asyncio.CancelledError):
            if not self._app.should_stop:
                raise

    async def _hold(self, *_: Any, **__: Any) -> None:
        """Report the assignment, and hold the consumer until Faust has sought."""
        ours = [tp for tp in self._app.consumer.assignment() if tp.topic in self._topics]
        self._forget()
        self._dealing = False
        self._assigned = Assigned(frozenset(TopicPartition(tp.topic, tp.partition) for tp in ours))
        self._app.consumer.stop_flow()

    async def _rest(self, *_: Any, **__: Any) -> None:
        self._forget()
        self._dealing, self._assigned = True, None

    def _forget(self) -> None:
        """What was delivered before a rebalance comes again after it."""
        self.reach.owns({})
        self._fetched.forget()

    def _watch(self) -> None:
        """End with the app's own failure instead of waiting for ever."""
        if self._app.crashed:
            with self._translated():
                raise self._app.crash_reason or RuntimeError("Faust ended without a reason")

    def _translated(self) -> AbstractContextManager[None]:
        return translated(f"reading as group {self._group}", self._settings)


def _corrected(thread: Any) -> None:
    """Read what is committed, know the marks and the ends of logs, deal partitions out together."""
    linked.link()
    create = thread._create_consumer  # noqa: SLF001 - Faust has no setting for it

    def created(*args: Any, **arguments: Any) -> Any:
        consumer = create(*args, **arguments)
        consumer._isolation_level = "read_committed"  # noqa: SLF001 - before it starts
        consumer._fetch_max_wait_ms = linked.ANSWER_MS  # noqa: SLF001
        deal_together(consumer)
        return consumer

    thread._create_consumer = created  # noqa: SLF001


def _app(settings: KafkaSettings, group: str, topics: Sequence[Topic], slot: str) -> faust.App:
    return faust.App(
        group,
        broker=[f"kafka://{server}" for server in settings.bootstrap_servers.split(",")],
        broker_credentials=_credentials(settings),
        consumer_group_instance_id=f"{group}-{slot}",
        broker_session_timeout=SESSION_TIMEOUT_S,
        broker_heartbeat_interval=HEARTBEAT_S,
        broker_request_timeout=30,
        broker_rebalance_timeout=20,
        broker_max_poll_interval=300,
        consumer_auto_offset_reset="earliest",
        topic_partitions=topics[0].partitions,
        topic_disable_leader=True,
        topic_allow_declare=False,
        table_standby_replicas=0,
        autodiscover=False,
        web_enabled=False,
        consumer_max_fetch_size=4 * 1024 * 1024,
        store="memory://",
    )


def _credentials(settings: KafkaSettings) -> Any:
    arguments = client_arguments(settings)
    context = arguments.get("ssl_context")
    if settings.security_protocol == "PLAINTEXT":
        return None
    if settings.security_protocol == "SSL":
        return faust.SSLCredentials(context=context)
    return faust.SASLCredentials(
        username=arguments["sasl_plain_username"],
        password=arguments["sasl_plain_password"],
        mechanism=settings.sasl_mechanism,
        ssl_context=context,
    )
