"""What a server's events say of alarms, each change once."""

from datetime import UTC, datetime, timedelta

import pytest
from asyncua import ua

from ingest.input import Alarm, Unreadable
from ingest.inputs.opcua.alarms import SELECTED, AlarmBook, event_filter
from ingest.inputs.opcua.notifiers import notifiers_of
from plantstream.runtime.errors import MisconfiguredError
from schemas.plant.equipment import Equipment
from schemas.plant.sources import OpcUaSource, Security
from schemas.plant.tags import Tag

START = datetime(2026, 3, 1, tzinfo=UTC)
NAMESPACES = ["http://opcfoundation.org/UA/", "urn:plc"]
PRESS, OVEN = "e/s/a/l/press", "e/s/a/l/oven"
NODE = ua.NodeId.from_string


def equipment(name, *nodes, alarms_of=()):
    tags = [Tag(name=f"t{at}", node=node) for at, node in enumerate(nodes)]
    one = Equipment(id=name, area="a", line="l", tags=tags, alarms_of=list(alarms_of))
    return (f"e/s/a/l/{name}", one)


PLANT = [
    equipment("press", "nsu=urn:plc;s=press.T"),
    equipment("oven", "nsu=urn:plc;s=oven.T", alarms_of=["nsu=urn:plc;i=7"]),
]
SAID = {
    "EventType": NODE("i=9341"),
    "SourceNode": NODE("ns=1;s=press.T"),
    "SourceName": "T",
    "Time": START,
    "Message": ua.LocalizedText("above 100"),
    "Severity": 700,
    "": NODE("ns=1;i=99"),
    "ConditionName": "TooHot",
    "BranchId": NODE("i=0"),
    "Retain": True,
    "AckedState/Id": False,
    "ActiveState/Id": True,
}
TOO_HOT = Alarm(
    equipment=PRESS,
    condition="nsu=urn:plc;i=99",
    name="TooHot",
    origin="nsu=urn:plc;s=press.T",
    origin_name="T",
    severity=700,
    message="above 100",
    active=True,
    acknowledged=False,
    retained=True,
    at=START,
)
REFRESH_START = dict.fromkeys(SAID) | {"EventType": NODE("i=2787")}
REFRESH_END = dict.fromkeys(SAID) | {"EventType": NODE("i=2788"), "Time": START + timedelta(60)}


def hear(book, *events, notifier=1):
    lists = [
        ua.EventFieldList(notifier, [ua.Variant(event[path]) for _, path in SELECTED])
        for event in events
    ]
    return book.hear(lists, NAMESPACES, START)


@pytest.fixture
def book():
    return AlarmBook(PLANT, "opc.tcp://x")


def test_an_alarm_is_of_the_equipment_that_has_its_node(book):
    assert hear(book, SAID) == [TOO_HOT]
    (other,) = hear(book, SAID | {"SourceNode": NODE("ns=1;i=7"), "": NODE("ns=1;i=98")})
    assert other.equipment == OVEN


def test_one_equipment_alone_has_all_alarms():
    (found,) = hear(AlarmBook(PLANT[:1], "opc.tcp://x"), SAID | {"SourceNode": NODE("i=2253")})
    assert found.equipment == PRESS


def test_alarms_of_nobody_are_reported_once_per_node(book):
    lost = SAID | {"SourceNode": NODE("ns=1;s=pump")}
    (told,) = hear(book, lost, lost)
    assert isinstance(told, Unreadable)
    assert "nsu=urn:plc;s=pump" in told.reason
    assert "alarms_of" in told.reason


def test_only_what_changes_is_told(book):
    acked = SAID | {"AckedState/Id": True, "Time": START + timedelta(1)}
    found = hear(book, SAID, SAID, acked, acked)
    assert [(one.active, one.acknowledged) for one in found] == [(True, False), (True, True)]


def test_the_end_of_an_alarm_that_was_not_retained_any_more_is_told(book):
    seen = SAID | {"Retain": False}
    over = seen | {"ActiveState/Id": False}
    assert [one.active for one in hear(book, SAID, seen, over, over)] == [True, True, False]


def test_what_the_server_does_not_repeat_has_ended(book):
    other = SAID | {"": NODE("ns=1;i=98")}
    hear(book, SAID, other)
    found = hear(book, REFRESH_START, SAID, REFRESH_END)
    assert [(one.condition, one.active, one.retained) for one in found] == [
        ("nsu=urn:plc;i=98", False, False)
    ]
    assert found[0].at == START + timedelta(60)
    assert hear(book, REFRESH_START, SAID, REFRESH_END) == []


def test_each_notifier_repeats_its_own_alarms_and_ends_no_others(book):
    other = SAID | {"": NODE("ns=1;i=98")}
    hear(book, SAID, notifier=1)
    hear(book, other, notifier=2)

    assert hear(book, REFRESH_START, SAID, REFRESH_END, notifier=1) == []
    (over,) = hear(book, REFRESH_START, REFRESH_END, notifier=2)
    assert (over.condition, over.active) == ("nsu=urn:plc;i=98", False)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"": None}, id="no condition"),
        pytest.param({"": NODE("i=0")}, id="a null condition"),
        pytest.param({"BranchId": NODE("ns=1;i=5")}, id="a branch"),
        pytest.param({"ActiveState/Id": False, "Retain": False}, id="nothing that was something"),
    ],
)
def test_other_events_are_no_alarms(book, said):
    assert hear(book, SAID | said) == []


@pytest.mark.parametrize(
    ("said", "field", "value"),
    [
        pytest.param({"AckedState/Id": None}, "acknowledged", True, id="nothing to acknowledge"),
        pytest.param({"Severity": 0}, "severity", 1, id="severity 0"),
        pytest.param({"Severity": 2000}, "severity", 1000, id="severity beyond"),
        pytest.param({"Message": None}, "message", "", id="no message"),
        pytest.param({"Time": None}, "at", START, id="no time"),
    ],
)
def test_what_a_server_leaves_out(book, said, field, value):
    (found,) = hear(book, SAID | said)
    assert getattr(found, field) == value


def test_each_field_is_asked_for():
    assert len(event_filter().SelectClauses) == len(SELECTED) == len(SAID)


def test_notifiers_are_the_server_or_what_is_named():
    open_to_all = Security(policy="None", mode="None")

    def asked(alarms):
        return notifiers_of(
            OpcUaSource(type="opcua", endpoint="opc.tcp://x", security=open_to_all, alarms=alarms)
        )

    assert asked(alarms=False) == ()
    assert asked(alarms=True) == ("i=2253",)
    assert asked(alarms=["nsu=urn:plc;i=7"]) == ("nsu=urn:plc;i=7",)
    with pytest.raises(MisconfiguredError, match="Boiler"):
        asked(alarms=["Boiler"])
