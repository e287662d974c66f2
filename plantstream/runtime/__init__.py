"""What every service shares: settings, Kafka, clock, health."""
