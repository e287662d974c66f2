"""Pure domain logic, and the stream shell that drives it."""
