"""What each dashboard asks and shows."""
