"""Heads of audit chains, signed and kept where the database is not."""
