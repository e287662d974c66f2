"""PagerDuty and its like: they hear that somebody takes care, and of what nobody does any more."""

from datetime import timedelta

import pytest

from schemas.alerts import Notification
from tests.processors.dispatch.site import (
    Site,
    acknowledge,
    after,
    alert,
    of,
    pages,
    plant,
    snooze,
    unacknowledge,
)

FIRST = [{"schedules": ["night"], "endpoints": ["duty"], "wait": "5m"}]
SECOND = [{"schedules": ["night"], "wait": "5m"}, {"endpoints": ["duty"], "wait": "30m"}]


def site_of(steps, **alerts) -> Site:
    """A site whose chain has these steps, restarted after every event."""
    return Site(plant(chains={"call": {"steps": steps}}, alerts=alerts), restarts=True)


def heard(site: Site) -> list[tuple[float, str]]:
    """What the paging service is told, and when."""
    return [(at, why) for at, why, who, _ in pages(site.said) if who == "duty"]


@pytest.fixture
def site() -> Site:
    found = site_of(FIRST)
    found.tell(alert(0))
    found.wait(1)
    return found


def test_who_acknowledges_stops_the_paging_service_and_no_person_hears_of_it(site):
    said = site.tell(acknowledge(2, by="ben"))

    (told,) = of(said, Notification)
    assert (told.why, told.recipient, told.channel) == ("acknowledged", "duty", "duty")
    assert (told.fallback, told.comment) == ((), "acknowledged by ben")
    assert told.expires_at - told.at == timedelta(minutes=2)
    assert told.group == of(site.said, Notification)[0].group
    assert not pages(site.wait(7 * 60))


def test_a_second_acknowledgement_says_nothing_new(site):
    site.tell(acknowledge(2, by="ben"))

    assert not pages(site.tell(acknowledge(3, by="ana")))


def test_the_service_pages_on_until_every_alert_of_the_group_is_acknowledged(site):
    site.tell(alert(6, equipment="mixer"))
    site.wait(7)
    site.tell(acknowledge(8))
    assert heard(site) == [(0.5, "firing"), (6, "changed")]

    site.tell(acknowledge(9, equipment="mixer"))
    assert heard(site)[-1] == (9, "acknowledged")


def test_of_each_alert_it_is_told_in_which_groups_a_service_knows_it(site):
    site.tell(alert(1, equipment="mixer"))
    before = site.status(alertname="Hot", equipment="mixer").paged
    site.wait(7)
    (group,) = {one.group for one in of(site.said, Notification) if one.recipient == "duty"}

    assert before == ()
    assert site.status(alertname="Hot", equipment="mixer").paged == (group,)


def test_when_the_last_alert_that_nobody_took_is_over_the_rest_is_taken_care_of(site):
    site.tell(alert(6, equipment="mixer"))
    site.wait(7)
    site.tell(acknowledge(8), alert(10, "resolved", since="6", equipment="mixer"))
    site.wait(60)

    assert heard(site)[2:] == [(10, "acknowledged")]
    site.tell(alert(70, "resolved", since="0"))
    site.wait(80)
    assert heard(site)[3:] == [(70, "resolved")]


def test_what_fires_anew_before_it_was_over_leaves_nothing_that_is_taken_care_of(site):
    site.tell(alert(2, equipment="mixer"))
    site.wait(7)
    site.tell(acknowledge(8))

    site.tell(alert(9, since="9", equipment="mixer"))

    assert "acknowledged" not in [why for _, why in heard(site)]


def test_an_alert_of_a_group_that_is_over_does_not_end_the_incident_of_the_others(site):
    site.tell(alert(6, equipment="mixer"))
    site.wait(7)
    site.tell(alert(8, "resolved", since="6", equipment="mixer"))
    site.wait(15)

    assert (11, "resolved", "ana", "mail") in pages(site.said)
    assert heard(site) == [(0.5, "firing"), (6, "changed")]


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(unacknowledge(3), id="taken back"),
        pytest.param(alert(3, severity="critical", since="0"), id="more severe"),
    ],
)
def test_what_nobody_takes_care_of_any_more_begins_a_new_incident(site, event):
    site.tell(acknowledge(2), event)

    assert heard(site)[1:] == [(2, "acknowledged"), (3, "withdrawn"), (3, "firing")]
    site.tell(acknowledge(4))
    assert heard(site)[4:] == [(4, "acknowledged")]


def test_a_reminder_begins_a_new_incident(site):
    site.tell(acknowledge(2))
    site.wait(483)

    assert heard(site)[2:] == [(482, "withdrawn"), (482, "reminder")]


def test_a_service_of_a_later_step_hears_at_once_that_it_was_taken_back():
    site = site_of(SECOND)
    site.tell(alert(0))
    site.wait(6)
    site.tell(acknowledge(7), unacknowledge(8))

    assert heard(site) == [
        (5.5, "escalated"),
        (7, "acknowledged"),
        (8, "withdrawn"),
        (8, "firing"),
    ]


def test_a_new_alert_beside_one_that_is_taken_care_of_reaches_the_service_in_its_turn():
    site = site_of(SECOND)
    site.tell(alert(0))
    site.wait(6)
    site.tell(acknowledge(7), alert(8, equipment="mixer"))
    site.wait(20)

    assert heard(site) == [
        (5.5, "escalated"),
        (7, "acknowledged"),
        (13, "withdrawn"),
        (13, "escalated"),
    ]


def test_a_service_that_was_not_told_hears_of_no_acknowledgement():
    site = site_of(SECOND)
    site.tell(alert(0))
    site.wait(1)
    site.tell(acknowledge(2))

    assert not heard(site)


def test_a_snooze_is_no_acknowledgement_because_it_ends_by_itself(site):
    site.tell(snooze(2, until=60))

    assert heard(site) == [(0.5, "firing")]


def test_in_a_flood_an_acknowledgement_is_neither_held_back_nor_counted():
    site = site_of(FIRST, flood={"more_than": 1})
    site.tell(alert(0))
    site.wait(1)
    site.tell(acknowledge(2))

    assert heard(site)[-1] == (2, "acknowledged")
    flow = site.state.desk.flows.get("duty")
    assert flow is not None
    assert flow.times == (after(0.5),)
