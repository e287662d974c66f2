"""OEE in the words of ISO 22400-2."""
