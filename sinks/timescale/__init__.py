"""TimescaleDB: rows, positions and marks in one transaction; migrations; the views people read."""
