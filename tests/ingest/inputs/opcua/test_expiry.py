"""People hear in time that a certificate ends, and not every second."""

from datetime import timedelta

from prometheus_client import CollectorRegistry

from ingest.inputs.opcua.expiry import ExpiryWatch
from ingest.metrics import SourceMetrics
from plantstream.runtime import clock
from tests.ingest.inputs.opcua.authority import Wanted, issue

NOW = clock.now()
DAY = timedelta(days=1)


def test_a_certificate_that_ends_is_told_of_once_a_day_and_measured_always():
    registry = CollectorRegistry()
    told = []
    watch = ExpiryWatch(SourceMetrics(registry).of("plc"), lambda *said: told.append(said))
    soon = issue(Wanted(begins=NOW, lasts=40 * DAY)).certificate
    ends = soon.not_valid_after_utc
    for days in (0, 9):
        watch.look("server", soon, ends - (40 - days) * DAY)
    assert told == []
    for hours in (0, 1, 23, 24, 25):
        watch.look("server", soon, ends - 30 * DAY + timedelta(hours=hours))
        watch.look("own", soon, ends - 31 * DAY)
    assert told == [("server", ends), ("server", ends)]
    for whose in ("server", "own"):
        labels = {"source": "plc", "certificate": whose}
        name = "plantstream_source_certificate_expiry_timestamp_seconds"
        assert registry.get_sample_value(name, labels) == ends.timestamp()
