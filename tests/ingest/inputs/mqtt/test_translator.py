"""Messages to observations, over connections that come and go; no broker is needed."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from ingest.input import Alive, Missed, Sample, Unreadable
from ingest.inputs.mqtt.datatypes import BAD_TYPE_MISMATCH
from ingest.inputs.mqtt.translator import MAX_PAYLOAD, SHOWN, Delivered, Translator
from ingest.inputs.mqtt.watch import watched
from plantstream.runtime.errors import MisconfiguredError
from schemas.plant.equipment import Equipment
from schemas.plant.sources import Message, Metric
from schemas.plant.tags import Tag
from tests.ingest.inputs.mqtt.sparkplug_kit import STRING, FakeNode, Sent

PATH, OTHER = "e/s/a/l/one", "e/s/a/l/two"
BROKER = "mqtt://b"
START = datetime(2026, 3, 1, tzinfo=UTC)
NODE = ("plant", "press")
TAGS = [
    Tag(name="t", message=Message(topic="one/t", field="t", time_field="at")),
    Tag(name="n", message=Message(topic="one/n", field="n")),
]
SPARKPLUG = [Tag(name="state", metric=Metric(group="plant", edge_node="press", name="state"))]


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def equipment(identifier: str, tags: list[Tag]) -> Equipment:
    return Equipment(id=identifier, area="a", line="l", tags=tags)


@pytest.fixture
def translator():
    one = Translator(
        watched([(PATH, equipment("one", TAGS)), (OTHER, equipment("two", SPARKPLUG))]), BROKER
    )
    one.connected(at(0), resumed=False)
    return one


def sent(topic: str, content: bytes | object, seconds: float, *, qos: int = 1, **more) -> Delivered:
    payload = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Delivered(topic, payload, len(payload), at(seconds), qos=qos, **more)


def born(translator, fake, seconds: float, qos: int = 0):
    topic, content = fake.birth(at(seconds), Sent("state", "run", STRING))
    return translator.deliver(sent(topic, content, seconds, qos=qos))


def test_a_message_has_its_own_time_or_that_of_its_arrival(translator):
    found = translator.deliver(sent("one/t", {"t": 1, "at": at(3).isoformat()}, 9))
    found += translator.deliver(sent("one/n", {"n": "x"}, 9))
    assert found == [Sample(PATH, "t", 1, at(3)), Sample(PATH, "n", "x", at(9))]


def test_what_is_said_is_a_sign_of_life_and_silence_is_none(translator):
    assert translator.answered(at(1)) == []
    translator.deliver(sent("one/n", {"n": 1}, 2))
    assert translator.answered(at(3)) == [Alive(PATH, at(2))]
    assert translator.answered(at(4)) == []


def test_a_time_that_nobody_can_believe_ends_no_signs_of_life_and_begins_no_gap(translator):
    translator.answered(at(1))
    translator.deliver(sent("one/t", {"t": 1, "at": "9999-12-31T00:00:00Z"}, 2))
    assert translator.answered(at(3)) == [Alive(PATH, at(2))]
    translator.deliver(sent("one/t", {"t": 2, "at": at(4).isoformat()}, 4))
    assert translator.answered(at(5)) == [Alive(PATH, at(4))]
    translator.interrupted("gone")

    assert translator.connected(at(9), resumed=False) == [Missed(PATH, at(5), at(9), "gone")]


def test_a_node_that_says_an_impossible_time_once_is_alive_at_its_own_time_again(translator):
    fake = FakeNode()
    born(translator, fake, 1)
    topic, content = fake.data(at(10**9), Sent("state", "stop", STRING))
    translator.deliver(sent(topic, content, 2, qos=0))

    assert translator.answered(at(5)) == [Alive(OTHER, at(5), tags=frozenset({"state"}))]


@pytest.mark.parametrize(
    ("resumed", "qos", "days", "is_kept"),
    [
        pytest.param(True, 1, 2, True, id="the broker kept it"),
        pytest.param(True, 1, 0.5, False, id="not so old"),
        pytest.param(True, 1, 8, False, id="older than the session can be"),
        pytest.param(True, 0, 2, False, id="no broker keeps what comes at QoS 0"),
        pytest.param(False, 1, 2, False, id="the broker had forgotten us"),
    ],
)
def test_a_message_that_waited_at_the_broker_may_be_old(resumed, qos, days, is_kept):
    week = timedelta(days=7)
    one = Translator(watched([(PATH, equipment("one", TAGS))]), BROKER, week)
    one.connected(at(0), resumed=resumed)
    content = {"t": 1, "at": (START - timedelta(days=days)).isoformat()}

    (found,) = one.deliver(sent("one/t", content, 1, qos=qos))

    assert isinstance(found, Sample)
    assert found.kept == is_kept


def test_a_born_node_is_alive_as_long_as_the_broker_answers(translator):
    born(translator, FakeNode(), 1)
    assert translator.answered(at(5)) == [Alive(OTHER, at(5), tags=frozenset({"state"}))]
    assert translator.answered(at(9)) == [Alive(OTHER, at(9), tags=frozenset({"state"}))]


@pytest.mark.parametrize(
    ("resumed", "qos", "is_missed"),
    [
        pytest.param(True, 1, False, id="the broker kept what came"),
        pytest.param(True, 0, True, id="the broker keeps nothing at QoS 0"),
        pytest.param(False, 1, True, id="the broker forgot us"),
    ],
)
def test_an_outage_is_missed_unless_the_broker_kept_all(translator, resumed, qos, is_missed):
    translator.deliver(sent("one/n", {"n": 1}, 2, qos=qos))
    translator.answered(at(4))
    translator.interrupted("no connection")
    translator.interrupted("again none")

    found = translator.connected(at(30), resumed=resumed)

    assert found == ([Missed(PATH, at(4), at(30), "no connection")] if is_missed else [])
    assert translator.connected(at(31), resumed=True) == []


@pytest.mark.parametrize(("qos", "asked"), [(0, [NODE]), (1, [])])
def test_a_node_at_qos_0_is_asked_for_its_births_after_an_outage(translator, qos, asked):
    born(translator, FakeNode(), 1, qos)
    translator.answered(at(4))
    translator.interrupted("no connection")

    found = translator.connected(at(30), resumed=True)

    assert found == [Missed(OTHER, at(4), at(30), "no connection")] * len(asked)
    assert list(translator.to_be_born(at(30))) == asked


def test_nodes_are_asked_at_first_and_not_again_at_once(translator):
    assert list(translator.to_be_born(at(0))) == [NODE]
    assert list(translator.to_be_born(at(1))) == []
    born(translator, FakeNode(), 1)
    assert list(translator.to_be_born(at(100))) == []


def test_commands_and_retained_births_say_nothing(translator):
    fake = FakeNode()
    topic, content = fake.birth(at(1), Sent("state", "run", STRING))
    assert translator.deliver(sent(topic, content, 1, retained=True)) == []
    assert translator.deliver(sent(fake.topic("NCMD"), content, 1)) == []


@pytest.mark.parametrize(
    "topic",
    ["spBv1.0/plant/NODDATA/press", "spBv1.0/plant/NDATA/press/x", "spBv1.0/plant/DDATA/press"],
)
def test_a_kind_of_message_that_is_none_is_told(translator, topic):
    (told,) = translator.deliver(sent(topic, b"\x18\x01", 1))
    assert isinstance(told, Unreadable)


def test_an_empty_message_takes_a_retained_one_away_and_says_nothing(translator):
    assert translator.deliver(sent("one/n", b"", 1)) == []


def test_a_message_that_is_too_large_is_told_with_its_size(translator):
    large = Delivered("one/n", b"x" * SHOWN, MAX_PAYLOAD + 1, at(1))
    (told,) = translator.deliver(large)
    assert told == Unreadable(f"{BROKER} one/n", None, b"x" * SHOWN, told.reason)
    assert f"{MAX_PAYLOAD + 1} bytes" in told.reason


def test_a_retained_message_is_news_once_and_has_no_time_of_its_own(translator):
    message = {"t": 1, "at": at(-60).isoformat()}
    retained = sent("one/t", message, 1, retained=True)
    assert translator.deliver(retained) == [Sample(PATH, "t", 1, at(-60))]
    assert translator.deliver(retained) == []
    assert translator.deliver(sent("one/n", {"n": 1}, 1, retained=True)) == []


@pytest.mark.parametrize(
    ("message", "said"),
    [
        pytest.param({"t": {}, "at": at(1).isoformat()}, "t is an object", id="an object"),
        pytest.param({"t": 1, "at": "noon"}, "no time", id="a wrong time"),
        pytest.param({"t": 1}, "which says its time", id="no time"),
    ],
)
def test_a_tag_that_cannot_be_read_is_told_once_and_bad_until_it_can(translator, message, said):
    told, sample = translator.deliver(sent("one/t", message, 2))
    assert said in told.reason
    assert f"tag t of {PATH}" in told.reason
    assert "correct field or time_field" in told.reason
    assert sample == Sample(PATH, "t", None, at(2), BAD_TYPE_MISMATCH)
    assert translator.deliver(sent("one/t", message, 3)) == [
        Sample(PATH, "t", None, at(3), BAD_TYPE_MISMATCH)
    ]


def test_a_field_that_is_missing_is_told_once_and_is_no_value(translator):
    (told,) = translator.deliver(sent("one/n", {}, 2))
    assert "it has no field n" in told.reason
    assert translator.deliver(sent("one/n", {}, 3)) == []


def test_a_dropped_message_is_missed(translator):
    translator.deliver(sent("one/n", {"n": 1}, 1))
    reason = "the edge was too slow: messages at QoS 0 were dropped"
    assert translator.dropped("one/n", at(2), at(3)) == [Missed(PATH, at(2), at(3), reason)]
    assert translator.dropped("spBv1.0/plant/NDATA/press", at(2), at(3)) == []


def test_a_refused_subscription_is_told_once(translator):
    (told,) = translator.refused("one/n", "Not authorized")
    assert "let the user read one/n" in told.reason
    assert translator.refused("one/n", "Not authorized") == []


def test_filters_of_topics_that_nobody_wants(translator):
    assert translator.wants("one/n")
    assert translator.wants("spBv1.0/plant/DDATA/press/x")
    assert not translator.wants("spBv1.0/plant/NDATA/other")
    assert translator.superfluous("two/n") == ("two/n",)
    assert translator.superfluous("spBv1.0/g/DDATA/n/d") == ("spBv1.0/g/+/n", "spBv1.0/g/+/n/+")


def test_a_sparkplug_topic_is_no_place_for_json():
    tags = [Tag(name="x", message=Message(topic="spBv1.0/g/NDATA/n"))]
    with pytest.raises(MisconfiguredError, match=r"tag x of one: .* name a `metric`"):
        watched([(PATH, equipment("one", tags))])


def test_each_topic_is_subscribed_to_once():
    tags = [*TAGS, Tag(name="m", message=Message(topic="one/n", field="m")), *SPARKPLUG]
    assert watched([(PATH, equipment("one", tags))]).filters() == (
        "one/t",
        "one/n",
        "spBv1.0/plant/+/press",
        "spBv1.0/plant/+/press/+",
    )
