"""A Sparkplug edge node: births, data, deaths, and messages that never came."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from ingest.input import GOOD, Alive, Missed, Sample, Unreadable
from ingest.inputs.mqtt.datatypes import BAD_NO_COMMUNICATION, BAD_TYPE_MISMATCH
from ingest.inputs.mqtt.payload import decode
from ingest.inputs.mqtt.rebirth import FIRST_PAUSE, LONGEST_PAUSE, Rebirth
from ingest.inputs.mqtt.sparkplug import EdgeNode
from ingest.inputs.mqtt.watch import Watch
from tests.ingest.inputs.mqtt.sparkplug_kit import (
    DATASET,
    INT32,
    STRING,
    UINT64,
    FakeNode,
    Sent,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
PRESS, OVEN = "e/s/a/l/press", "e/s/a/l/oven"
DEVICE = "oven-1"
OF_PRESS = frozenset({"state", "parts"})


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


class Line:
    """An edge node that we watch, itself and one device; its clock is the test's."""

    def __init__(self):
        self.fake = FakeNode()
        self.node = EdgeNode(
            "edge node plant/press",
            {
                "": {"state": [Watch(PRESS, "state")], "parts": [Watch(PRESS, "parts")]},
                DEVICE: {"temperature": [Watch(OVEN, "temperature")]},
            },
        )

    def hear(self, message: tuple[str, bytes], seconds: float):
        topic, content = message
        _, _, kind, _, *device = topic.split("/")
        return self.node.receive(kind, "".join(device), decode(content), at(seconds))

    def born(self, seconds: float = 0.0):
        metrics = (Sent("state", "run", STRING, alias=1), Sent("parts", 5, UINT64, alias=2))
        return self.hear(self.fake.birth(at(seconds), *metrics), seconds)

    def device_born(self, seconds: float = 0.0):
        metric = Sent("temperature", 20, INT32, alias=3)
        return self.hear(self.fake.device_birth(DEVICE, at(seconds), metric), seconds)

    def data(self, seconds: float, *metrics: Sent, device: str = ""):
        return self.hear(self.fake.data(at(seconds), *metrics, device=device), seconds)


@pytest.fixture
def line():
    one = Line()
    one.born()
    one.device_born()
    return one


def samples(found):
    return [one for one in found if isinstance(one, Sample)]


def values(found):
    return [(one.tag, one.value) for one in samples(found)]


def missed(found):
    return [one for one in found if isinstance(one, Missed)]


def test_a_birth_tells_the_values_of_now():
    line = Line()
    assert values(line.born()) == [("state", "run"), ("parts", 5)]
    assert values(line.device_born()) == [("temperature", 20)]
    assert not line.node.rebirth.wanted


def test_data_come_by_alias_or_by_name(line):
    assert values(line.data(1, Sent(value=2**64 - 1, alias=2))) == [("parts", 2**64 - 1)]
    assert values(line.data(2, Sent("state", "stop"))) == [("state", "stop")]
    assert values(line.data(3, Sent(value=-4, alias=3), device=DEVICE)) == [("temperature", -4)]


def test_a_metric_has_its_own_time_or_that_of_its_message(line):
    found = line.data(5, Sent("state", "a"), Sent("parts", 6, at=at(4)))
    assert [(one.tag, one.source_time) for one in samples(found)] == [
        ("parts", at(4)),
        ("state", at(5)),
    ]


def test_data_without_a_birth_ask_for_one_and_tell_no_value():
    line = Line()
    assert line.data(1, Sent("state", "run", STRING)) == []
    assert line.node.rebirth.wanted


def test_a_lost_message_is_told_and_nothing_is_believed_until_the_births(line):
    line.fake.skip()
    assert line.data(3, Sent("state", "stop")) == [
        Missed(PRESS, at(0), at(3), "message 2 of edge node plant/press was lost"),
        Missed(OVEN, at(0), at(3), "message 2 of edge node plant/press was lost"),
    ]
    assert line.node.rebirth.wanted
    assert line.data(4, Sent("state", "run")) == []

    found = line.born(5)
    reason = "message 2 of edge node plant/press was lost"
    assert missed(found) == [Missed(PRESS, at(3), at(5), reason)]
    assert values(found) == [("state", "run"), ("parts", 5)]
    assert missed(line.device_born(5)) == [Missed(OVEN, at(3), at(5), reason)]
    assert not line.node.rebirth.wanted


def test_sequence_numbers_go_round(line):
    for second in range(1, 600):
        assert values(line.data(second, Sent("parts", second))) == [("parts", second)]


def test_a_message_that_comes_twice_counts_once(line):
    message = line.fake.data(at(1), Sent("parts", 6))
    assert values(line.hear(message, 1)) == [("parts", 6)]
    assert line.hear(message, 2) == []
    assert values(line.data(3, Sent("parts", 7))) == [("parts", 7)]


def test_a_death_makes_all_values_bad_and_what_follows_missed(line):
    line.node.alive(at(2))
    died = line.hear(line.fake.death(), 3)

    reason = "edge node plant/press went away"
    assert missed(died) == [
        Missed(PRESS, at(2), at(3), reason),
        Missed(OVEN, at(2), at(3), reason),
    ]
    bad = [(one.tag, one.value, one.quality, one.source_time) for one in samples(died)]
    assert bad == [
        (tag, None, BAD_NO_COMMUNICATION, at(3)) for tag in ("state", "parts", "temperature")
    ]
    assert line.node.alive(at(4)) == []
    assert not line.node.rebirth.wanted

    line.fake.bd_seq = 1
    assert missed(line.born(60)) == [Missed(PRESS, at(3), at(60), reason)]


def test_a_death_of_an_earlier_session_means_nothing(line):
    earlier = line.fake.death()
    line.fake.bd_seq = 1
    line.born(1)

    assert line.hear(earlier, 2) == []
    assert values(line.data(3, Sent("parts", 9))) == [("parts", 9)]


def test_a_new_session_without_a_death_is_told(line):
    line.fake.bd_seq = 1
    found = line.born(30)
    assert missed(found) == [
        Missed(PRESS, at(0), at(30), "edge node plant/press began a new session")
    ]


def test_a_rebirth_that_was_asked_for_is_no_gap(line):
    line.data(1, Sent("parts", 6))
    assert missed(line.born(2)) == []
    assert missed(line.device_born(2)) == []


def test_a_device_that_is_not_born_again_is_missed_in_the_end(line):
    line.born(2)
    assert line.node.alive(at(3)) == [Alive(PRESS, at(3), tags=OF_PRESS)]
    assert missed(line.device_born(60)) == [
        Missed(OVEN, at(2), at(60), "its device was not born again with edge node plant/press")
    ]


def test_a_device_dies_alone(line):
    found = line.hear(line.fake.device_death(DEVICE, at(3)), 3)

    assert [one.equipment for one in missed(found)] == [OVEN]
    assert [(one.tag, one.quality) for one in samples(found)] == [
        ("temperature", BAD_NO_COMMUNICATION)
    ]
    assert values(line.data(4, Sent("parts", 6))) == [("parts", 6)]
    assert missed(line.device_born(9)) == [
        Missed(OVEN, at(3), at(9), f"device {DEVICE} of edge node plant/press went away")
    ]


def test_a_birth_after_a_loss_tells_no_value_of_before(line):
    line.hear(line.fake.death(), 3)
    (sample,) = samples(
        line.hear(line.fake.birth(at(60), Sent("state", "run", STRING, at=at(1))), 60)
    )
    assert sample.source_time == at(60)


def test_what_an_unborn_metric_says_is_asked_for_once(line):
    assert line.data(1, Sent(value=1, datatype=INT32, alias=99)) == []
    assert line.node.rebirth.wanted
    line.born(2)
    line.device_born(2)

    assert line.data(3, Sent(value=1, datatype=INT32, alias=99)) == []
    assert not line.node.rebirth.wanted


def test_data_of_an_unborn_device_ask_for_births():
    line = Line()
    line.born()
    assert line.data(1, Sent("temperature", 1, INT32), device=DEVICE) == []
    assert line.node.rebirth.wanted


def test_a_historical_value_keeps_its_time_and_is_marked(line):
    found = line.data(60, Sent("parts", 3, at=at(10), historical=True), Sent("parts", 8))
    assert [(one.value, one.source_time, one.historical) for one in samples(found)] == [
        (3, at(10), True),
        (8, at(60), False),
    ]


def test_a_null_is_a_value_and_a_wrong_type_is_bad_and_told_once(line):
    (null,) = line.data(1, Sent("parts", None))
    assert (null.value, null.quality) == (None, GOOD)

    wrong = line.data(2, Sent("state", encoded=b"", datatype=DATASET))
    told, sample = wrong
    assert isinstance(told, Unreadable)
    assert "tag state of e/s/a/l/press" in told.reason
    assert "name a metric with a single value" in told.reason
    assert sample == Sample(PRESS, "state", None, at(2), BAD_TYPE_MISMATCH)
    assert samples(line.data(3, Sent("state", encoded=b"", datatype=DATASET))) == line.data(
        4, Sent("state", encoded=b"", datatype=DATASET, at=at(3))
    )


def test_a_metric_of_the_plant_file_that_is_not_born_is_told_once():
    line = Line()
    birth = line.fake.birth(at(0), Sent("state", "run", STRING))
    (told,) = [one for one in line.hear(birth, 0) if isinstance(one, Unreadable)]
    assert "no metric parts was born; correct name in the plant file" in told.reason
    assert values(line.hear(line.fake.birth(at(1), Sent("state", "stop", STRING)), 1)) == [
        ("state", "stop")
    ]


def test_signs_of_life_are_in_the_nodes_own_time():
    line = Line()
    line.hear(line.fake.birth(at(200), Sent("state", "run", STRING)), 0)
    assert line.node.alive(at(5)) == [Alive(PRESS, at(205), tags=OF_PRESS)]


@pytest.mark.parametrize("ahead_s", [pytest.param(0, id="right"), pytest.param(3600, id="ahead")])
def test_an_outage_of_a_node_is_as_long_whatever_its_clock_says(ahead_s):
    line = Line()
    state = Sent("state", "run", STRING, at=at(60 + ahead_s))
    line.hear(line.fake.birth(at(ahead_s), state), 0)
    line.hear(line.fake.death(), 10)
    found = line.hear(line.fake.birth(at(60 + ahead_s), state), 60)
    assert missed(found) == [Missed(PRESS, at(10), at(60), "edge node plant/press went away")]
    assert [one.source_time for one in samples(found)] == [at(60 + ahead_s)]


def test_a_device_that_is_gone_is_not_said_to_hold_by_others_of_its_equipment():
    shared = {"": {"state": [Watch(PRESS, "state")]}, DEVICE: {"t": [Watch(PRESS, "t")]}}
    node, fake = EdgeNode("edge node plant/press", shared), FakeNode()
    for topic, content in (
        fake.birth(at(0), Sent("state", "run", STRING)),
        fake.device_birth(DEVICE, at(0), Sent("t", 20, INT32)),
    ):
        _, _, kind, _, *device = topic.split("/")
        node.receive(kind, "".join(device), decode(content), at(0))
    both = node.alive(at(1))
    node.receive("DDEATH", DEVICE, decode(fake.device_death(DEVICE, at(2))[1]), at(2))

    assert both == [Alive(PRESS, at(1), tags=frozenset({"state", "t"}))]
    assert node.alive(at(3)) == [Alive(PRESS, at(3), tags=frozenset({"state"}))]


def test_what_waited_at_the_broker_is_not_taken_for_now(line):
    line.node.resume(at(3600))
    line.data(10, Sent("parts", 6))
    (died, *_) = missed(line.hear(line.fake.death(), 3600))
    assert died.end < at(3700)


def test_requests_become_seldom_and_quick_again_after_a_birth():
    rebirth = Rebirth()
    rebirth.want()
    asked = [second for second in range(3600) if rebirth.due(at(second))]
    assert asked[:4] == [0, 2, 6, 14]
    assert asked[-1] - asked[-2] == LONGEST_PAUSE.total_seconds()
    rebirth.forget()
    assert not rebirth.due(at(7200))
    rebirth.want()
    assert rebirth.due(at(7200))
    assert not rebirth.due(at(7200) + FIRST_PAUSE / 2)


BIRTHS = ("birth", "new session")
OTHERS = ("device", "data", "device data", "lost", "death", "device death")
STEPS = st.lists(st.sampled_from([*BIRTHS, *OTHERS]), max_size=40)


def play(line: Line, step: str, second: int):
    if step == "lost":
        line.fake.skip()
        return []
    line.fake.bd_seq += step == "new session"
    said = {
        "death": lambda: line.hear(line.fake.death(), second),
        "device": lambda: line.device_born(second),
        "device death": lambda: line.hear(line.fake.device_death(DEVICE, at(second)), second),
        "device data": lambda: line.data(second, Sent("temperature", 1, INT32), device=DEVICE),
        "data": lambda: line.data(second, Sent("parts", second, UINT64)),
    }
    return said.get(step, lambda: line.born(second))()


@settings(max_examples=300)
@given(STEPS)
def test_no_value_without_an_unbroken_row_since_a_birth(steps):
    line, unbroken, devices = Line(), False, False
    for second, step in enumerate(steps):
        unbroken = step in BIRTHS or (unbroken and step not in {"lost", "death"})
        devices = unbroken and (step == "device" or (devices and step not in BIRTHS))
        good = {one.equipment for one in samples(play(line, step, second)) if not one.quality}

        assert unbroken or not good
        assert devices or OVEN not in good
        assert step != "data" or not unbroken or good == {PRESS}


@settings(max_examples=300)
@given(STEPS, st.integers(1, 255))
def test_a_lost_message_always_leads_to_a_gap_and_to_a_request(steps, lost):
    line = Line()
    for second, step in enumerate(steps):
        play(line, step, second)
    line.born(100)
    line.device_born(100)
    for _ in range(lost):
        line.fake.skip()

    found = line.data(101, Sent("parts", 1))

    assert {one.equipment for one in missed(found)} == {PRESS, OVEN}
    assert not samples(found)
    assert line.node.rebirth.wanted


def test_a_clock_that_is_set_back_delays_no_request_for_births():
    rebirth = Rebirth()
    rebirth.want()
    assert rebirth.due(at(3600))

    assert rebirth.due(at(0))
    assert not rebirth.due(at(1))
