"""Kafka to where people look: every record once, with its position in the same transaction."""
