"""Laws of the dispatcher for evenings in which plant files change, and old ones are named again."""

from typing import Any

from hypothesis import given, settings, strategies as st

from tests.processors.dispatch.site import Site, after, left_open, plant
from tests.processors.dispatch.test_incident_laws import STEPS, ended
from tests.processors.dispatch.test_laws import PAGERS, QUIET, evening, forgotten, ids, time_of
from tests.processors.dispatch.test_plant_files import renamed

SLOW = [STEPS[0] | {"wait": "25m"}, STEPS[1]]
LOUD: dict[str, Any] = {
    "inhibitions": [],
    "route": {"group_by": ["equipment"], "repeat_interval": "90m"},
}
FILES = (
    plant(**PAGERS),
    renamed({"chains": {"call": {"steps": STEPS}}, "alerts": QUIET["alerts"]}),
    plant(alerts=QUIET["alerts"] | LOUD, chains={"call": {"steps": SLOW}}),
)
LATER = (200, 201, 210, 230, 300, 420, 600)
files = st.lists(st.integers(0, len(FILES) - 1), min_size=24, max_size=24)


def lived(events, named, ticks=(), *, restarts: bool = False) -> Site:
    """The site after these events, each of which names one of these files; then under its own."""
    site, waiting = Site(FILES[0], restarts=restarts), list(ticks)
    for event, number in zip(events, named, strict=False):
        while waiting and site.state.plant_version and after(waiting[0]) <= time_of(event):
            in_force(site).wait(waiting.pop(0))
        site.file = FILES[number]
        site.tell(event)
    return in_force(site)


def in_force(site: Site) -> Site:
    """The site with the file by which ticks go."""
    site.file = next(one for one in FILES if one.version == site.state.plant_version)
    return site


@settings(max_examples=100, deadline=None)
@given(evening(), files)
def test_nobody_is_forgotten_whatever_file_is_named(events, named):
    site = lived(events[:24], named)
    for minute in LATER:
        site.wait(minute)
        assert site.state.desk.head.now is not None
        assert not forgotten(site.state, site.state.desk.head.now)

    alerts = site.file.plant.alerts
    assert alerts is not None
    for one in site.state.desk.alerts.values():
        for its in one.groups:
            if one.is_active(its):
                assert its.told == one.alert.severity
                assert its.told_to
                assert its.group.partition(":")[0] in alerts.receivers
    assert not left_open(ended(site).said)


@settings(max_examples=40, deadline=None)
@given(evening(), files)
def test_memory_read_after_every_event_gives_the_same_whatever_file_is_named(events, named):
    plain, restarted = (lived(events[:24], named, (50, 120), restarts=one) for one in (False, True))
    for site in (plain, restarted):
        site.wait(600)

    assert ids(restarted) == ids(plain)
