-- Alerts: what became true, what was done, who was told, who was on call, and what sites say. Nothing
-- here is dropped by age: alarms, answers and messages are records. A topic that keeps only the newest
-- record of a key (plant.delivery.v1) is history here.
-- migrate:up

CREATE TABLE alert_transition (
    run text NOT NULL,
    site text NOT NULL,
    fingerprint text NOT NULL,
    starts_at timestamptz NOT NULL,
    state text NOT NULL,
    severity text NOT NULL,
    at timestamptz NOT NULL,
    alertname text,
    area text,
    line text,
    equipment text,
    labels jsonb NOT NULL,
    value text,
    limit_value text,
    unit text NOT NULL,
    words jsonb NOT NULL,
    runbook_url text,
    late boolean NOT NULL,
    flapping boolean NOT NULL,
    generator text NOT NULL,
    plant_version text NOT NULL,
    PRIMARY KEY (run, site, fingerprint, starts_at, state, severity)
);
COMMENT ON TABLE alert_transition IS
    'Alerts as they became pending, firing, more severe, or resolved, a row each; a repeated one changes nothing. People read the view alerts.';
CREATE INDEX alert_transition_by_time ON alert_transition (run, starts_at DESC);
CREATE INDEX alert_transition_by_area ON alert_transition (run, area, starts_at DESC);
CREATE INDEX alert_transition_by_equipment ON alert_transition (run, equipment, starts_at DESC);
CREATE INDEX alert_transition_by_severity ON alert_transition (run, severity, at DESC);
CREATE INDEX alert_transition_by_change ON alert_transition (run, at DESC);

CREATE TABLE alert_handled (
    run text NOT NULL,
    site text NOT NULL,
    fingerprint text NOT NULL,
    starts_at timestamptz NOT NULL,
    handling text NOT NULL,
    holds boolean NOT NULL,
    at timestamptz NOT NULL,
    until timestamptz,
    done_by text,
    because text NOT NULL,
    statement text,
    plant_version text NOT NULL,
    PRIMARY KEY (run, site, fingerprint, starts_at, handling, holds, at)
);
COMMENT ON TABLE alert_handled IS
    'What people (done_by) or the dispatcher (null) did about alerts. People read the view alert_history.';
CREATE INDEX alert_handled_by_time ON alert_handled (run, at DESC);

CREATE TABLE on_call_shift (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site text NOT NULL,
    schedule text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    people jsonb NOT NULL,
    plant_version text NOT NULL
);
COMMENT ON TABLE on_call_shift IS
    'Who is on call, as it was told: a row withdraws all earlier rows (by number) of its schedule that begin at its start or later. People read the view on_call.';
CREATE INDEX on_call_shift_by_time ON on_call_shift (site, schedule, starts_at);

CREATE TABLE notification (
    site text NOT NULL,
    id text NOT NULL,
    group_id text NOT NULL,
    why text NOT NULL,
    at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    recipient text NOT NULL,
    channel text NOT NULL,
    severity text NOT NULL,
    listed bigint NOT NULL,
    total bigint NOT NULL,
    step bigint NOT NULL,
    escalates_at timestamptz,
    comment text NOT NULL,
    group_labels jsonb NOT NULL,
    fallback jsonb NOT NULL,
    escalates_to jsonb NOT NULL,
    told jsonb NOT NULL,
    alerts jsonb NOT NULL,
    plant_version text NOT NULL,
    PRIMARY KEY (site, id)
);
COMMENT ON TABLE notification IS
    'Who was to be told what; the newest record of an id holds. `alerts` is what was said, word for word. People read the view notifications.';
CREATE INDEX notification_by_time ON notification (at DESC);
CREATE INDEX notification_by_recipient ON notification (recipient, at DESC);
CREATE INDEX notification_by_severity ON notification (severity, at DESC);

CREATE TABLE notification_alert (
    site text NOT NULL,
    notification text NOT NULL,
    run text NOT NULL,
    fingerprint text NOT NULL,
    starts_at timestamptz NOT NULL,
    recipient text NOT NULL,
    channel text NOT NULL,
    why text NOT NULL,
    at timestamptz NOT NULL,
    state text NOT NULL,
    severity text NOT NULL,
    PRIMARY KEY (site, notification, run, fingerprint, starts_at)
);
COMMENT ON TABLE notification_alert IS
    'Which alerts each notification lists (at most 50), and how each stood.';
CREATE INDEX notification_alert_by_alert
    ON notification_alert (run, site, fingerprint, starts_at, recipient, at);
CREATE INDEX notification_alert_by_time ON notification_alert (run, at DESC);

CREATE TABLE delivery_attempt (
    site text NOT NULL,
    notification text NOT NULL,
    channel text NOT NULL,
    recipient text NOT NULL,
    attempt bigint NOT NULL,
    outcome text NOT NULL,
    at timestamptz NOT NULL,
    group_id text NOT NULL,
    repeated boolean NOT NULL,
    provider_id text,
    detail text NOT NULL,
    alerts jsonb NOT NULL,
    PRIMARY KEY (site, notification, channel, recipient, attempt, outcome, at)
);
COMMENT ON TABLE delivery_attempt IS
    'Every record of a message on its way: the intent before it is sent, what became of it, what its provider said later. People read the view notifications.';
CREATE INDEX delivery_attempt_by_time ON delivery_attempt (at DESC);

CREATE TABLE edge_heartbeat (
    run text NOT NULL,
    site text NOT NULL,
    edge text NOT NULL,
    time timestamptz NOT NULL,
    ingest_time timestamptz NOT NULL,
    spool_records bigint NOT NULL,
    spool_bytes bigint NOT NULL,
    dropped_records bigint NOT NULL,
    source text NOT NULL,
    epoch text NOT NULL,
    seq bigint NOT NULL,
    plant_version text NOT NULL
);
COMMENT ON TABLE edge_heartbeat IS
    'Signs of life of edge agents, and what waits in their spools (records, bytes; dropped since the agent started).';
CREATE INDEX edge_heartbeat_by_edge ON edge_heartbeat (site, edge, time DESC);

CREATE TABLE source_heartbeat (
    run text NOT NULL,
    site text NOT NULL,
    edge text NOT NULL,
    name text NOT NULL,
    time timestamptz NOT NULL,
    ingest_time timestamptz NOT NULL,
    connected boolean NOT NULL,
    last_value_at timestamptz,
    clock_skew_s double precision,
    trouble text,
    source text NOT NULL,
    epoch text NOT NULL,
    seq bigint NOT NULL,
    plant_version text NOT NULL
);
COMMENT ON TABLE source_heartbeat IS
    'How edge agents see their sources: connected, newest value, clock against the edge''s (s), and why one cannot be read.';
CREATE INDEX source_heartbeat_by_source ON source_heartbeat (site, name, time DESC);

CREATE TABLE external_alert (
    run text NOT NULL,
    site text NOT NULL,
    sender text NOT NULL,
    time timestamptz NOT NULL,
    ingest_time timestamptz NOT NULL,
    status text NOT NULL,
    alertname text,
    severity text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    labels jsonb NOT NULL,
    annotations jsonb NOT NULL,
    generator_url text NOT NULL,
    source text NOT NULL,
    epoch text NOT NULL,
    seq bigint NOT NULL,
    plant_version text NOT NULL
);
COMMENT ON TABLE external_alert IS
    'What Prometheus and other senders told, as they told it, each time a row. What became of it is in the view alerts.';
CREATE INDEX external_alert_by_time ON external_alert (site, sender, time DESC);

COMMENT ON TABLE operator_act IS
    'What people did about alerts and who takes over on call (acknowledgement, unacknowledgement, snooze, silence, silence_expired, on_call_taken), as they said it. Live is run = ''''.';
CREATE INDEX operator_act_by_alert ON operator_act (site, (act ->> 'fingerprint'), time DESC);

-- migrate:down

DROP INDEX operator_act_by_alert;
COMMENT ON TABLE operator_act IS
    'What people did about alerts (acknowledgement, silence), as they said it. Live is run = ''''.';
DROP TABLE external_alert, source_heartbeat, edge_heartbeat, delivery_attempt, notification_alert,
    notification, on_call_shift, alert_handled, alert_transition;
