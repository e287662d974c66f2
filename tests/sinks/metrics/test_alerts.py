"""What Prometheus is told of alerts: how many stand how."""

from sinks.metrics.alerts import AlertsFamily
from tests.sinks.metrics.telling import Told
from tests.sinks.metrics.test_quality import fired


def standing(found: Told) -> dict[tuple[str, str], float]:
    """Those that are not 0."""
    return {
        (state, severity): number
        for state in ("pending", "firing")
        for severity in ("info", "warning", "critical")
        if (number := found.value("alerts", state=state, severity=severity))
    }


def test_an_alert_stands_as_it_was_told_last():
    found = Told(AlertsFamily())
    assert found.value("alerts", state="firing", severity="critical") == 0

    found.hear(fired(state="pending"), fired("P2", severity="warning"))
    assert standing(found) == {("pending", "critical"): 1, ("firing", "warning"): 1}

    found.hear(fired(), fired("P2"))
    assert standing(found) == {("firing", "critical"): 2}

    found.hear(fired(state="resolved"))
    assert standing(found) == {("firing", "critical"): 1}
