"""A simulated plant that knows what truly happened."""
