"""Kafka to database, people and screens."""
