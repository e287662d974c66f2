"""The command and the plumbing that every service shares."""
