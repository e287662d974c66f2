#!/bin/sh
# Formats the volume the first time, and starts the broker.
set -eu
config=/etc/plantstream/server.properties
# One replica is never out of sync with itself: a kill must not look like an unclean election.
/opt/kafka/bin/kafka-storage.sh format --ignore-formatted --config "$config" \
    --cluster-id "$(cat /run/secrets/kafka_cluster_id)" --feature eligible.leader.replicas.version=0
exec /opt/kafka/bin/kafka-server-start.sh "$config"
