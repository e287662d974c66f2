"""What `plantstream up` and `demo` bring along: Kafka, TimescaleDB, and their supervision."""
