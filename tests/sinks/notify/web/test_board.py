"""The board knows what its topics say, whatever comes twice, late or broken."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from plantstream.runtime.errors import MisconfiguredError, UnavailableError, cause_of
from plantstream.runtime.kafka.admin import apply_topics
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.ports import Outgoing, Record
from schemas.acts import Acknowledgement
from schemas.alerts import AlertStatus
from schemas.codec import encode
from schemas.topics import ALERT_LATEST, CATALOGUE, DELIVERY, OPERATOR, Topic
from sinks.notify.codes import code_of
from sinks.notify.web.acts import ACKNOWLEDGE, UNACKNOWLEDGE, Author, Wish, act_of, snooze
from sinks.notify.web.board import Board, OfAlert
from sinks.notify.web.follow import MOST_REFUSALS, KafkaLog, keep_board
from sinks.notify.web.links import alert_digest
from tests.ingest.kit import MemoryBroker
from tests.parts import eventually, running_kafka
from tests.sinks.notify.web.kit import NOW, MemoryLog, alert, attempt, running, status


def act(wish: Wish = ACKNOWLEDGE, by: str = "ana", after_s: float = 0) -> OfAlert:
    author = Author(by, "link", f"link-{by}-{wish.kind}-{after_s}", nonce=f"nonce-{after_s}")
    return act_of(wish, status(), author, "v1", NOW + timedelta(seconds=after_s))


def board(*said: object) -> Board:
    made = Board()
    for one in said:
        made.note(one)
    return made


def test_an_act_counts_before_the_dispatcher_has_said_so():
    standing = board(status(), act()).standing("hot")

    assert standing is not None
    assert (standing.acknowledged_by, standing.acknowledged_at) == ("ana", NOW)


def test_what_is_said_at_another_site_does_not_count():
    made = Board("acme/elsewhere")
    for one in (status(), act(), attempt()):
        made.note(one)

    assert len(made) == 0
    assert made.sent("SM1") is None
    assert not made.is_used(act().statement)


def test_a_later_status_says_what_holds():
    withdrawn = status(at=NOW + timedelta(seconds=1))
    standing = board(status(), act(), withdrawn).standing("hot")

    assert standing is not None
    assert standing.acknowledged_by is None


def test_the_newest_act_holds_in_whatever_order_they_come():
    acts = [act(), act(UNACKNOWLEDGE, after_s=1), act(by="luis", after_s=2)]
    for order in (acts, acts[::-1]):
        standing = board(status(), *order).standing("hot")
        assert standing is not None
        assert standing.acknowledged_by == "luis"


def test_an_act_on_an_earlier_alert_says_nothing_of_a_later_one():
    later = status(alert(starts_at=NOW, at=NOW))
    standing = board(later, act(after_s=5)).standing("hot")

    assert standing is not None
    assert standing.acknowledged_by is None


def test_a_snooze_runs_out():
    standing = board(status(), act(snooze(timedelta(minutes=15)))).standing("hot")

    assert standing is not None
    assert standing.snoozed_until(NOW + timedelta(minutes=14))
    assert standing.snoozed_until(NOW + timedelta(minutes=15)) is None


def test_statements_and_nonces_are_used_once_they_stand_in_the_topic():
    said = act()
    made = board(said)

    assert isinstance(said, Acknowledgement)
    assert said.nonce is not None
    assert made.is_used(said.statement)
    assert made.is_used(said.nonce)


def test_replays_are_not_alerts_of_now():
    assert len(board(status(run="yesterday"))) == 0


def test_records_that_come_again_or_cannot_be_read_change_nothing():
    made = Board()
    old, new = encode(status()), encode(status(acknowledged_by="ana", acknowledged_at=NOW))
    for offset, value in ((0, old), (1, b"{"), (2, None), (3, new), (0, old)):
        made.apply(Record(ALERT_LATEST.name, 0, offset, b"key", value))

    standing = made.standing("hot")
    assert standing is not None
    assert standing.acknowledged_by == "ana"


async def test_the_board_is_complete_once_all_topics_are_read():
    log = MemoryLog(MemoryBroker(), (ALERT_LATEST, status()), (DELIVERY, attempt()))
    made = Board()
    async with running(keep_board(made, log)):
        await eventually(lambda: made.is_complete)

    assert made.standing("hot")
    assert made.sent("SM1")


async def test_while_a_storm_is_read_everybody_else_has_turns():
    log, turns = MemoryLog(MemoryBroker(), *[(ALERT_LATEST, status())] * 1000), 0
    seen: list[int] = []

    class Watched(Board):
        def apply(self, record: Record) -> None:
            seen.append(turns)
            super().apply(record)

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    made = Watched()
    async with running(others()), running(keep_board(made, log)):
        await eventually(lambda: made.is_complete)

    assert len(set(seen)) >= 20


class Interrupted(MemoryLog):
    """Away at first."""

    def __init__(self) -> None:
        super().__init__(MemoryBroker(), (ALERT_LATEST, status()))
        self.failures = 2

    @asynccontextmanager
    async def news(self, topic: Topic) -> AsyncIterator[AsyncIterator[Record]]:
        if self.failures:
            self.failures -= 1
            raise UnavailableError("the broker is away")
        async with super().news(topic) as records:
            yield records


async def test_a_broker_that_is_away_is_waited_for(monkeypatch):
    monkeypatch.setattr("sinks.notify.web.follow.AGAIN_AFTER_S", 0.01)
    made = Board()
    async with running(keep_board(made, Interrupted())):
        await eventually(lambda: made.is_complete)

    assert made.standing("hot")


class Renewed(MemoryLog):
    """Ends once it was followed; then the broker seems to lack a topic, so many times."""

    def __init__(self, refusals: int, at_first: bool = False) -> None:
        super().__init__(MemoryBroker(), (ALERT_LATEST, status()))
        self.refusals, self.at_first, self.followed = refusals, at_first, 0

    @asynccontextmanager
    async def news(self, topic: Topic) -> AsyncIterator[AsyncIterator[Record]]:
        if topic is ALERT_LATEST:
            if self.refusals and (self.followed or self.at_first):
                self.refusals -= 1
                raise MisconfiguredError(f"the broker has no topic {topic.name}")
            self.followed += 1
        async with super().news(topic) as records:
            yield records


async def test_a_broker_that_does_not_know_its_topics_yet_is_asked_again(monkeypatch):
    monkeypatch.setattr("sinks.notify.web.follow.AGAIN_AFTER_S", 0.01)
    log = Renewed(refusals=3)
    async with running(keep_board(Board(), log)):
        await eventually(lambda: log.followed >= 3)

    assert log.refusals == 0


async def test_a_board_that_is_refused_for_good_ends_and_may_be_started_again(monkeypatch):
    monkeypatch.setattr("sinks.notify.web.follow.AGAIN_AFTER_S", 0.001)
    log = Renewed(refusals=1_000)

    with pytest.raises(ExceptionGroup) as caught:
        await keep_board(Board(), log)
    assert isinstance(cause_of(caught.value), UnavailableError)
    assert log.refusals == 1_000 - MOST_REFUSALS


async def test_a_topic_that_is_missing_at_the_start_needs_a_person():
    with pytest.raises(ExceptionGroup) as caught:
        await keep_board(Board(), Renewed(refusals=1, at_first=True))

    assert isinstance(cause_of(caught.value), MisconfiguredError)


def over(name: str) -> AlertStatus:
    return status(alert(name, state="resolved", at=NOW), at=NOW)


def test_of_what_is_over_the_newest_is_kept_and_of_what_fires_all(monkeypatch):
    monkeypatch.setattr("sinks.notify.web.board.MOST_OVER", 2)
    names = [f"hot-{number}" for number in range(5)]
    made = board(*(status(alert(name)) for name in (*names, "on")), act(), *map(over, names))
    again = [over("hot-3"), status(alert("hot-4", starts_at=NOW, at=NOW)), over("hot-9")]
    for one in again:
        made.note(one)

    known = {name for name in (*names, "on", "hot-9") if made.standing(name) is not None}
    assert known == {"on", "hot-3", "hot-4", "hot-9"}
    assert len(made) == 4
    gone, kept = alert("hot-1"), alert("hot-3")
    assert made.by_digest(alert_digest(gone.fingerprint)) is None
    assert made.by_code(code_of(gone.alert_id()), "ana") is None
    assert made.by_code(code_of(kept.alert_id()), "ana") is not None


def test_of_acts_on_alerts_of_which_nothing_is_known_the_newest_are_kept(monkeypatch):
    monkeypatch.setattr("sinks.notify.web.board.MOST_ACTS", 2)
    acts = [act().model_copy(update={"fingerprint": f"hot-{number}"}) for number in range(3)]
    made = board(*acts, *(status(alert(f"hot-{number}")) for number in range(3)))

    taken = [made.standing(f"hot-{number}") for number in range(3)]
    assert [one is not None and one.acknowledged_by for one in taken] == [None, "ana", "ana"]


def test_of_two_alerts_of_one_code_the_one_that_fires_is_meant():
    ended = alert("a", state="resolved", at=NOW)
    made = board(status(ended), status(alert("b")))
    made._by_code[code_of(ended.alert_id())].add("b")
    found = made.by_code(code_of(ended.alert_id()), "ana")

    assert found is not None
    assert found.status.fingerprint == "b"


def test_the_code_of_an_earlier_alert_names_nothing():
    made = board(status(), status(alert(starts_at=NOW, at=NOW)))

    assert made.by_code(code_of(alert().alert_id()), "ana") is None


def test_ten_thousand_alerts_are_looked_through_in_a_moment(capsys):
    made = board(*(status(alert(f"hot-{number}")) for number in range(10_000)))
    wanted = alert("hot-77")
    start = time.perf_counter()
    found = made.by_code(code_of(wanted.alert_id()), "ana")
    code_ms = (time.perf_counter() - start) * 1000
    assert found is not None
    start = time.perf_counter()
    assert made.by_digest(alert_digest("hot-77"))
    link_ms = (time.perf_counter() - start) * 1000
    start = time.perf_counter()
    assert made.waiting_for("ana")
    person_ms = (time.perf_counter() - start) * 1000
    with capsys.disabled():
        print(  # noqa: T201
            f"\nof 10,000: by code {code_ms:.2f} ms, by link {link_ms:.2f} ms, "
            f"by person {person_ms:.1f} ms"
        )


@pytest.mark.integration
async def test_kafka_is_read_whole_and_followed(tmp_path: Path):
    async with running_kafka(tmp_path) as kafka, KafkaBroker(kafka.settings) as broker:
        await apply_topics(kafka.settings, CATALOGUE)
        await broker.send([Outgoing(ALERT_LATEST.name, 0, b"hot", encode(status()))])
        made = Board()
        async with running(keep_board(made, KafkaLog(kafka.settings))):
            await eventually(lambda: made.is_complete, 30)
            assert made.standing("hot")
            await broker.send([Outgoing(OPERATOR.name, 0, b"act", encode(act()))])
            await eventually(lambda: made.is_used(act().statement), 30)

        standing = made.standing("hot")
        assert standing is not None
        assert standing.acknowledged_by == "ana"
