"""Alerts in the plant file: rules, who is told, on which way, and when somebody else is."""
