"""What people read: a notification in one language, escaped for the channel that carries it."""
