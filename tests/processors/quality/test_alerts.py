"""Rules of scope product raise alerts by the life that all alerts have."""

from processors.quality.turn import Event
from processors.rules.site import SiteEngine
from schemas.alerts import AlertTransition
from schemas.topics import SITE
from tests.processors.quality.laboratory import Run, Sayer, at, plant

PLANT = plant(
    rules="""
alert_rules:
  - {alert: COFEPRISComplianceViolation, when: {quality: compliance_rate, below: 0.95, minimum: 4},
     severity: critical, labels: {area: quality},
     summary: "{{ labels.product }} {{ labels.compliance_area }} {{ '%.2f' | format(value) }}"}
  - {alert: BatchReleaseDelayed, when: {release_pending: 24h}, for: 1h, severity: warning,
     summary: "{{ value }} waits"}
  - {alert: OpenDeviation, when: {deviation: major}, severity: warning, summary: "{{ value }}"}
  - {alert: QualityTestFailure, when: {count_of: test_failed, more_than: 2, within: 5m},
     severity: warning, summary: "{{ value }}"}
"""
)


def told(run: Run, name: str) -> list[tuple[str, float]]:
    """States of an alert, and the hours at which they came."""
    found = [one for one in run.alerts() if one.labels["alertname"] == name]
    return [(one.state, (one.at - at(0)).total_seconds() / 3600) for one in found]


def test_compliance_below_the_limit_fires_once_enough_is_judged_and_is_resolved_by_a_correction():
    say = Sayer(PLANT)
    first = say.result(9, 7.6, batch=None, sample="S0")
    others = [say.result(9 + n, 6.0, batch=None, sample=f"S{n}") for n in range(1, 4)]
    run = Run(PLANT, restarts=True).hear(first, *others[:2])
    assert told(run, "COFEPRISComplianceViolation") == []

    run.hear(others[2])
    (alert,) = [one for one in run.alerts() if one.labels["alertname"].startswith("COFEPRIS")]
    assert alert.labels["compliance_area"] == "finished"
    assert (alert.value, alert.limit) == (0.75, 0.95)
    assert alert.words["en"].summary == "P1 finished 0.75"

    run.hear(say.correction(20, 6.0, first))
    assert told(run, "COFEPRISComplianceViolation") == [("firing", 12.0), ("resolved", 20.0)]


def test_a_rate_that_recovers_by_itself_is_resolved_when_the_failures_leave_the_window():
    say, run = Sayer(PLANT), Run(PLANT, restarts=True)
    run.hear(say.result(0, 7.6, batch=None, sample="S"))
    run.hear(*(say.result(n, 6.0, batch=None, sample=f"S{n}") for n in range(1, 6)))
    run.tick(24 * 8)

    assert told(run, "COFEPRISComplianceViolation")[-1] == ("resolved", 24.0 * 7)


def test_a_release_that_is_delayed_pages_after_a_day_and_an_hour():
    say = Sayer(PLANT)
    run = Run(PLANT, restarts=True).hear(say.made(0, 8))
    for hours in (20, 32.5, 40):
        run.tick(hours)
    assert told(run, "BatchReleaseDelayed") == [("pending", 32.0), ("firing", 33.0)]

    run.hear(say.decision(41, "reject", reason="spoilt"))
    assert told(run, "BatchReleaseDelayed")[-1] == ("resolved", 41.0)
    assert "B1 waits" in {one.words["en"].summary for one in run.alerts()}


def test_an_open_deviation_fires_until_it_is_closed():
    say = Sayer(PLANT)
    run = Run(PLANT).hear(say.made(0, 8), say.result(9, 7.6))
    (named,) = [one.record_key for one in run.outputs if "|deviation|" in one.record_key]
    for hours, action in ((10, "investigate"), (11, "capa"), (12, "close")):
        run.hear(say.action(hours, named, action))

    assert told(run, "OpenDeviation") == [("firing", 9.0), ("resolved", 12.0)]


def test_the_same_in_one_batch_or_event_by_event_raises_the_same_alerts():
    say = Sayer(PLANT)
    events: list[Event] = [
        say.made(0, 8),
        *(say.result(9 + n / 10, 7.6 - n % 2, f"r{n}", sample=str(n)) for n in range(8)),
    ]
    together, apart = Run(PLANT).hear(*events), Run(PLANT, restarts=True).hear_each(events)

    assert together.alerts() == apart.alerts() != []


def test_three_failed_tests_in_five_minutes_are_counted_at_the_site():
    say = Sayer(PLANT)
    failed = [say.result(9 + n / 60, 7.6, f"r{n}", batch=None, sample=str(n)) for n in range(3)]
    run = Run(PLANT).hear(*failed).hear(say.correction(10, 6.0, failed[0]))
    engine, found = SiteEngine(), list[AlertTransition]()
    state = engine.load("|acme/north", {})
    for one in [one.record for one in run.outputs if one.topic is SITE]:
        moved = engine.advance(state, [one], PLANT)  # type: ignore[list-item]
        state = moved.state
        found += [each.record for each in moved.outputs if isinstance(each.record, AlertTransition)]

    assert [(one.state, one.value) for one in found][:1] == [("firing", 3.0)]
    assert found[-1].state == "resolved"
