"""A deadband becomes a filter of the server."""

import pytest
from asyncua import ua

from ingest.inputs.opcua.deadband import filter_of
from ingest.inputs.opcua.watch import watches
from schemas.plant.equipment import Equipment
from schemas.plant.sources import Deadband
from schemas.plant.tags import Tag


def watched(**deadband):
    tag = Tag(name="t", node="s=T", deadband=Deadband(**deadband) if deadband else None)
    return watches([("e/s/a/l/one", Equipment(id="one", area="a", line="l", tags=[tag]))])


@pytest.mark.parametrize(
    ("means", "report", "wants_all"),
    [("cycle_time", "changes", True), (None, "changes", False), (None, "updates", True)],
)
def test_of_a_cycle_time_every_update_is_asked_for(means, report, wants_all):
    tag = Tag(name="t", node="s=T", means=means)
    (watch,) = watches([("e/s/a/l/one", Equipment(id="one", area="a", line="l", tags=[tag]))])

    assert (filter_of(watch, report) is not None) == wants_all


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


def test_an_absolute_deadband_is_asked_for_in_the_unit_of_the_server():
    tag = Tag(name="t", node="s=T", factor=-0.1, deadband=Deadband(absolute=0.5))
    one = Equipment(id="one", area="a", line="l", tags=[tag])
    (watch,) = watches([("e/s/a/l/one", one)])
    asked = filter_of(watch, "changes")
    assert asked is not None
    assert asked.DeadbandValue == 5
