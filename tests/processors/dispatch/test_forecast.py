"""What `alerts route` says beforehand is what the dispatcher does."""

from hypothesis import given, settings, strategies as st

from processors.calendar import PlanCalendar
from processors.dispatch.forecast import routes_of, severity_of
from processors.dispatch.plan import plan_of
from schemas.alerts import SEVERITIES, Notification
from tests.processors.dispatch.site import START, Site, after, alert, of, plant

WAITS = st.sampled_from(["0", "1m", "7m"])
STEPS = st.lists(
    st.one_of(
        st.fixed_dictionaries({"people": st.just(["ben"]), "wait": WAITS}),
        st.fixed_dictionaries({"schedules": st.just(["night"]), "wait": WAITS}),
        st.fixed_dictionaries({"schedules": st.just(["empty"]), "wait": WAITS}),
        st.fixed_dictionaries({"endpoints": st.just(["slack"]), "wait": WAITS}),
    ),
    min_size=1,
    max_size=4,
)
NOBODY = {"layers": [{"people": ["ana"], "since": "2026-01-01"}], "until": "2026-01-02"}


def asked(file, labels, at=START):
    return routes_of(plan_of(file, PlanCalendar), labels, at)


@settings(max_examples=40, deadline=None)
@given(STEPS, st.integers(0, 2), st.sampled_from(["1m", "5m"]), st.sampled_from(SEVERITIES))
def test_the_dispatcher_calls_those_who_were_forecast_when_it_was_forecast(
    steps, repeat, cooldown, severity
):
    if all(step["wait"] == "0" for step in steps):
        repeat = 0  # everybody would be told again at once: `check` refuses that
    file = plant(
        schedules={"empty": NOBODY},
        chains={"call": {"steps": steps, "repeat": repeat}},
        alerts={"cooldown": cooldown, "route": {"repeat_interval": "9d"}},
    )
    (forecast,) = asked(file, {"alertname": "Hot", "severity": severity})
    site = Site(file)
    site.tell(alert(0, "firing", severity))
    site.wait(24 * 60)

    calls = [(call.at, one.name, one.channel) for call in forecast.calls for one in call.recipients]
    said = [(one.at, one.recipient, one.channel) for one in of(site.said, Notification)]
    assert sorted(said) == sorted(calls)


def test_it_names_the_route_the_group_and_what_mutes():
    night = {"windows": [{"days": "all", "start": "18:00", "end": "06:00"}]}
    file = plant(alerts={"mute_timings": {"nights": night}, "route": {"mute": ["nights"]}})
    labels = {"alertname": "Failed", "area": "quality"}

    (forecast,) = asked(file, labels)
    assert forecast.node.path == ("", 'area="quality"')
    assert (forecast.node.receiver, forecast.chain) == ("quality", "quality")
    assert forecast.group_labels == labels
    assert forecast.muted_by == ("nights",)
    (critical,) = asked(file, {**labels, "severity": "critical"})
    assert critical.muted_by == ()
    (by_day,) = asked(file, labels, after(14 * 60))
    assert by_day.muted_by == ()


def test_without_a_severity_an_alert_is_a_warning():
    assert severity_of({}) == severity_of({"severity": "page"}) == "warning"
    assert severity_of({"severity": "critical"}) == "critical"
