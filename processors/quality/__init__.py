"""Quality: results judged, compliance, deviations, releases."""
