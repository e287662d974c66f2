"""What is within a deadband is no news."""

from datetime import UTC, datetime
from typing import Any

import pytest
from asyncua import ua

from ingest.input import BAD, Sample
from ingest.inputs.opcua.deadband import Deadbands, filter_of
from ingest.inputs.opcua.watch import watches
from schemas.plant.equipment import Equipment
from schemas.plant.sources import Deadband
from schemas.plant.tags import Tag

AT = datetime(2026, 3, 1, tzinfo=UTC)


def watched(**deadband):
    tag = Tag(name="t", node="s=T", deadband=Deadband(**deadband) if deadband else None)
    return watches([("e/s/a/l/one", Equipment(id="one", area="a", line="l", tags=[tag]))])


def kept(deadbands, *values: Any):
    samples = [Sample("e/s/a/l/one", "t", value, AT) for value in values]
    return [one.value for one in samples if deadbands.is_news(0, one)]


@pytest.mark.parametrize(
    ("deadband", "said", "news"),
    [
        pytest.param({}, [1, 1, 2], [1, 1, 2], id="none"),
        pytest.param({"absolute": 1}, [1, 2, 2.1, 1.5, 3.2], [1, 2.1, 3.2], id="absolute"),
        pytest.param({"absolute": 1}, [1, 1.9, 2.8, 3.7], [1, 2.8], id="a slow drift is seen"),
        pytest.param({"absolute": 1}, [5, None, 5, "x"], [5, None, 5, "x"], id="no number"),
        pytest.param({"percent": 10}, [100, 101], [100, 101], id="a percentage is the server's"),
    ],
)
def test_what_is_held_back_here(deadband, said, news):
    assert kept(Deadbands(watched(**deadband)), *said) == news


def test_a_percentage_that_the_server_refuses_is_of_the_value():
    deadbands = Deadbands(watched(percent=10))
    deadbands.take_over([0])
    assert kept(deadbands, 100, 110, 111, 100, 99) == [100, 111, 99]


@pytest.mark.parametrize(
    ("means", "report", "wants_all"),
    [("cycle_time", "changes", True), (None, "changes", False), (None, "updates", True)],
)
def test_of_a_cycle_time_every_update_is_asked_for(means, report, wants_all):
    tag = Tag(name="t", node="s=T", means=means)
    (watch,) = watches([("e/s/a/l/one", Equipment(id="one", area="a", line="l", tags=[tag]))])

    assert (filter_of(watch, report) is not None) == wants_all


def test_another_quality_is_always_news():
    deadbands = Deadbands(watched(absolute=10))
    assert kept(deadbands, 1) == [1]
    assert deadbands.is_news(0, Sample("e/s/a/l/one", "t", 1, AT, BAD))


def test_everything_is_news_after_a_new_beginning():
    deadbands = Deadbands(watched(absolute=10))
    assert kept(deadbands, 1, 2) == [1]
    deadbands.forget()
    assert kept(deadbands, 2) == [2]


def test_the_server_is_asked_to_hold_back():
    assert filter_of(watched()[0], "changes") is None
    for deadband, kind in (({"absolute": 0.5}, 1), ({"percent": 2.0}, 2)):
        (watch,) = watched(**deadband)
        asked = filter_of(watch, "updates")
        assert asked is not None
        assert (int(asked.DeadbandType), asked.DeadbandValue) == (kind, *deadband.values())


def test_the_server_is_asked_for_all_updates():
    asked = filter_of(watched()[0], "updates")
    assert asked is not None
    assert asked.Trigger == ua.DataChangeTrigger.StatusValueTimestamp


def test_an_absolute_deadband_is_in_the_unit_of_the_tag():
    tag = Tag(name="t", node="s=T", factor=-0.1, deadband=Deadband(absolute=0.5))
    one = Equipment(id="one", area="a", line="l", tags=[tag])
    assert kept(Deadbands(watches([("e/s/a/l/one", one)])), 100, 104, 105, 106) == [100, 106]
