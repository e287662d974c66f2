"""Field protocols to typed events, a spool on disk, and Kafka."""
