"""Ten thousand alerts at once: nobody gets ten thousand messages, and no alert is lost."""

from processors.dispatch.engine import DispatchState
from processors.dispatch.tables import Table
from schemas.alerts import AlertStatus, Notification, Words
from schemas.codec import encode
from tests.processors.dispatch.site import (
    Site,
    acknowledge,
    after,
    alert,
    of,
    pages,
    plant,
    silence,
)

MANY, UNIQUE, GROUPS = 10_000, 1_000, 10
SECOND = 1 / 60


def storm(number: int = MANY, unique: int = UNIQUE, groups: int = GROUPS):
    """So many transitions within five seconds, most of them heard again and again."""
    return [
        alert(
            5 * SECOND * n / number,
            "firing",
            "warning",
            since="0",
            alertname=f"Hot{n % groups}",
            equipment=f"m{n % unique}",
        )
        for n in range(number)
    ]


def test_a_storm_is_one_message_for_each_group_that_lists_every_alert():
    site = Site()
    site.tell(*storm(), at_once=True)
    site.wait(1)

    said = of(site.said, Notification)
    assert len(said) == GROUPS
    assert sum(one.total for one in said) == UNIQUE
    assert {len(one.alerts) for one in said} == {50}
    assert {one.fingerprint for one in of(site.said, AlertStatus)} == {
        one.alert.fingerprint for one in site.state.desk.alerts.values()
    }
    assert len(site.state.desk.alerts) == UNIQUE


def test_alerts_of_many_words_are_listed_as_far_as_a_record_holds_them():
    words = Words(summary="č" * 2000, description="ž" * 4000)
    said = {"words": {"en": words, "es": words}}
    site = Site()
    alerts = [one.model_copy(update=said) for one in storm(100, 100, 1)]
    site.tell(*alerts, at_once=True)
    site.wait(1)

    (told,) = of(site.said, Notification)
    assert len(encode(told)) < 1_000_000
    assert 10 < len(told.alerts) < 50
    assert told.total == 100


def test_a_storm_of_single_alerts_is_a_few_messages_and_summaries_that_count_all():
    site = Site(plant(alerts={"route": {"group_by": ["all"]}, "flood": {"more_than": 5}}))
    site.tell(*storm(1000, 1000), at_once=True)
    assert max(map(len, site.engine.dump(site.state).values())) < 64 * 1024
    site.wait(4.9)
    singles = [one for one in of(site.said, Notification) if one.why == "firing"]
    (summary,) = [one for one in of(site.said, Notification) if one.why == "summary"]

    assert len(singles) == 5
    assert (summary.recipient, summary.total, len(summary.alerts)) == ("ana", 995, 10)
    assert summary.at > singles[0].at
    assert summary.comment == "995 alerts of more than 200 groups in place of one message each"
    assert max(map(len, site.engine.dump(site.state).values())) < 64 * 1024
    assert (summary.id, summary.partition_key()) != (singles[0].id, singles[0].partition_key())


def test_what_comes_while_a_summary_waits_is_told_in_it():
    flood = {"more_than": 2, "within": "10m"}
    site = Site(plant(alerts={"route": {"group_by": ["all"]}, "flood": flood}))
    for minute in (0, 1, 2, 3, 11.5):
        site.tell(alert(minute, alertname=f"Hot{minute}", area="quality"))
    site.wait(14)

    said = [(one.why, one.at, one.total) for one in of(site.said, Notification)]
    assert said == [
        ("firing", after(0.5), 1),
        ("firing", after(1.5), 1),
        ("summary", after(3), 1),
        ("summary", after(13), 2),
    ]


def test_one_answer_in_a_storm_stops_no_other_escalation():
    site = Site()
    site.tell(*storm(1000, 100, 1), at_once=True)
    site.tell(acknowledge(1, alertname="Hot0", equipment="m0"))
    site.wait(6)

    (escalated,) = [one for one in of(site.said, Notification) if one.why == "escalated"]
    assert escalated.total == 99
    assert site.status(alertname="Hot0", equipment="m1").step == 1


def test_rows_stay_small_in_a_storm():
    site = Site()
    site.tell(*storm(2000, 1000, 1), at_once=True)
    site.tell(silence(1, 1, 90, alertname="Hot0"))
    site.wait(2)

    rows = site.engine.dump(site.state)
    assert len(rows) >= 1001
    assert max(map(len, rows.values())) < 4096
    assert len({name for name in rows if name.startswith("group|")}) == 1


def changed(before: DispatchState, after: DispatchState, site: Site) -> set[str]:
    old, new = site.engine.dump(before), site.engine.dump(after)
    return {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}


def test_an_event_rewrites_the_rows_that_it_concerns_alone():
    site = Site()
    site.tell(*storm(1000, 1000), at_once=True)
    site.wait(1)
    before = site.state
    site.tell(acknowledge(2, alertname="Hot1", equipment="m1"))

    kinds = sorted(name.partition("|")[0] for name in changed(before, site.state, site))
    assert kinds == ["alert", "group", "head"]


def test_a_tick_with_nothing_due_leaves_the_state_alone():
    site = Site()
    site.tell(alert(0))
    site.wait(1)
    before = site.state

    assert not pages(site.wait(2))
    assert site.state is before


def test_a_fork_of_a_table_leaves_the_other_as_it_was():
    table: Table[str, int] = Table()
    for number in range(300):
        table.put(str(number), number)
    other = table.fork()
    other.put("7", 0)
    other.drop("8")
    other.put("more", 1)

    assert (table.get("7"), table.get("8"), "more" in table, len(table)) == (7, 8, False, 300)
    assert (other.get("7"), other.get("8"), "more" in other, len(other)) == (0, None, True, 300)
    assert sorted(table) == sorted(key for key, _ in table.items())
