"""Rules for Prometheus: those of a plant file, and those about the pipeline itself."""
