"""The contracts: events, topics, the plant model. It imports nothing of ours."""
