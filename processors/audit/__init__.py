"""The audit trail: entries become a chain of records, and a chain is examined. Pure."""
