"""Plant metrics for Prometheus: one exporter that reads topics, and keeps what they come to."""
