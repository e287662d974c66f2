"""Kafka and TimescaleDB on this machine, started, supervised and stopped by us."""
