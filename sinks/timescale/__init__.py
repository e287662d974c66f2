"""Facts and samples in TimescaleDB."""
