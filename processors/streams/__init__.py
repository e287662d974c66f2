"""The shell: Kafka and Faust around the pure core."""
