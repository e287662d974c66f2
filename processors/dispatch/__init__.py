"""From alerts to messages: routing, grouping, quiet, escalation. Pure."""
