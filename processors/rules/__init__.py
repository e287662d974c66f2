"""Alert rules: conditions over events, and the life of the alerts that follow. Pure."""
