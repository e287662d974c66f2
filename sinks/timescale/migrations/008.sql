-- What people read of alerts: as they are known by now, all that happened, messages, who is on call, and
-- figures. Views and functions are the interface: columns are added, never changed.
-- migrate:up

CREATE VIEW alerts AS
    SELECT run, site, fingerprint, starts_at, labels, alertname, equipment, area, line,
           (ARRAY['info', 'warning', 'critical'])[highest] AS severity, current_severity,
           CASE WHEN resolved_at IS NOT NULL THEN 'resolved'
                WHEN fired_at IS NOT NULL THEN 'firing' ELSE 'pending' END AS state,
           is_acknowledged, fired_at, resolved_at, acknowledged_at, acknowledged_by, told_at,
           CASE WHEN told_at IS NOT NULL THEN
               extract(epoch FROM greatest(told_at, fired_at) - fired_at)::double precision
           END AS time_to_notify_s,
           CASE WHEN acknowledged_at IS NOT NULL THEN
               extract(epoch FROM greatest(acknowledged_at, fired_at) - fired_at)::double precision
           END AS time_to_acknowledge_s,
           extract(epoch FROM resolved_at - fired_at)::double precision AS time_to_resolve_s,
           escalations, late, flapping, (shown).value, (shown).limit_value, (shown).unit,
           coalesce((shown).words -> 'en' ->> 'summary', (shown).words -> 'es' ->> 'summary') AS summary,
           (shown).words, (shown).runbook_url, (shown).generator, (shown).plant_version
    FROM (
        SELECT known.*,
               coalesce(said_resolved_at, (
                   SELECT min(newer.at) FROM alert_transition AS newer
                   WHERE newer.run = known.run AND newer.site = known.site
                       AND newer.fingerprint = known.fingerprint AND newer.starts_at > known.starts_at
                       AND newer.state = 'firing' AND NOT newer.late
               )) AS resolved_at,
               (SELECT min(sent.at) FROM notification_alert AS listed
                JOIN delivery_attempt AS sent USING (site, notification)
                WHERE listed.run = known.run AND listed.site = known.site
                    AND listed.fingerprint = known.fingerprint AND listed.starts_at = known.starts_at
                    AND listed.state = 'firing' AND sent.outcome IN ('accepted', 'delivered')
               ) AS told_at,
               (SELECT min(done.at) FROM alert_handled AS done
                WHERE done.run = known.run AND done.site = known.site
                    AND done.fingerprint = known.fingerprint AND done.starts_at = known.starts_at
                    AND done.handling = 'acknowledged' AND done.holds
               ) AS acknowledged_at,
               (SELECT done.done_by FROM alert_handled AS done
                WHERE done.run = known.run AND done.site = known.site
                    AND done.fingerprint = known.fingerprint AND done.starts_at = known.starts_at
                    AND done.handling = 'acknowledged' AND done.holds
                ORDER BY done.at LIMIT 1
               ) AS acknowledged_by,
               coalesce((
                   SELECT done.handling = 'acknowledged' AND done.holds FROM alert_handled AS done
                   WHERE done.run = known.run AND done.site = known.site
                       AND done.fingerprint = known.fingerprint AND done.starts_at = known.starts_at
                       AND done.handling IN ('acknowledged', 'unacknowledged')
                   ORDER BY done.at DESC, done.handling DESC, done.holds LIMIT 1
               ), false) AS is_acknowledged,
               (SELECT count(*) FROM alert_handled AS done
                WHERE done.run = known.run AND done.site = known.site
                    AND done.fingerprint = known.fingerprint AND done.starts_at = known.starts_at
                    AND done.handling = 'escalated'
               ) AS escalations
        FROM (
            SELECT run, site, fingerprint, starts_at, labels, alertname, equipment, area, line,
                   max(array_position(ARRAY['info', 'warning', 'critical'], severity)) AS highest,
                   (array_agg(severity ORDER BY array_position(ARRAY['resolved', 'firing', 'pending'], state),
                       at DESC, array_position(ARRAY['critical', 'warning', 'info'], severity)))[1]
                       AS current_severity,
                   min(at) FILTER (WHERE state = 'firing') AS fired_at,
                   min(at) FILTER (WHERE state = 'resolved') AS said_resolved_at,
                   bool_or(late) AS late, bool_or(flapping) AS flapping,
                   (array_agg(one ORDER BY array_position(ARRAY['firing', 'pending', 'resolved'], state),
                       at DESC, array_position(ARRAY['critical', 'warning', 'info'], severity)))[1] AS shown
            FROM alert_transition AS one
            GROUP BY run, site, fingerprint, starts_at, labels, alertname, equipment, area, line
        ) AS known
    ) AS timed;
COMMENT ON VIEW alerts IS
    'Alerts as they are known by now, a row each: fingerprint (its labels without severity) and starts_at name it. Give run, a range of starts_at, and area or equipment to be answered by an index. Live is run = ''''.';

CREATE VIEW alert_history AS
    SELECT run, site, at, kind, what, fingerprint, starts_at, severity, holds, until, done_by, because,
           statement, told
    FROM (
        SELECT run, site, at, 'transition' AS kind, 2 AS place, state AS what, fingerprint, starts_at,
               severity, NULL::boolean AS holds, NULL::timestamptz AS until, NULL::text AS done_by,
               NULL::text AS because, NULL::text AS statement,
               jsonb_strip_nulls(jsonb_build_object('value', value, 'limit', limit_value,
                   'unit', nullif(unit, ''), 'late', nullif(late, false),
                   'flapping', nullif(flapping, false))) AS told
        FROM alert_transition
        UNION ALL
        SELECT run, site, at, 'handling', 3, handling, fingerprint, starts_at, NULL, holds, until,
               done_by, nullif(because, ''), statement, '{}'
        FROM alert_handled
        UNION ALL
        SELECT run, site, time, 'act', 1, type, act ->> 'fingerprint',
               coalesce(
                   CASE WHEN act ? 'fingerprint' THEN (act ->> 'starts_at')::timestamptz END,
                   (SELECT max(meant.starts_at) FROM alert_transition AS meant
                    WHERE meant.run = said.run AND meant.site = said.site
                        AND meant.fingerprint = said.act ->> 'fingerprint'
                        AND meant.starts_at <= said.time)),
               NULL, NULL, coalesce(act ->> 'until', act ->> 'ends_at')::timestamptz, stated_by,
               act ->> 'comment', statement, act
        FROM operator_act AS said
    ) AS happened
    ORDER BY at, place;
COMMENT ON VIEW alert_history IS
    'All that happened to alerts in the order of its time: transitions, what people and the dispatcher did (handlings), and what people said (acts). Live is run = ''''.';

CREATE VIEW notifications AS
    SELECT told.site, told.id, told.recipient, told.channel, told.why, told.step, told.severity,
           told.at AS decided_at, sent_at, delivered_at,
           CASE WHEN sent_at IS NOT NULL THEN
               extract(epoch FROM greatest(sent_at, told.at) - told.at)::double precision
           END AS time_to_send_s,
           coalesce(outcome, 'waiting') AS outcome, coalesce(attempts, 0) AS attempts,
           coalesce(repeated, false) AS repeated, channel_used, provider_id, detail, total, listed,
           group_id, group_labels, comment, escalates_at, escalates_to, told.told AS others,
           told.expires_at, told.plant_version
    FROM notification AS told
    CROSS JOIN LATERAL (
        SELECT min(sent_at) AS sent_at, min(delivered_at) AS delivered_at,
               (array_agg((newest).outcome ORDER BY place, (newest).at DESC))[1] AS outcome,
               sum(attempts)::bigint AS attempts, bool_or(repeated) AS repeated,
               (array_agg((newest).channel ORDER BY place, (newest).at DESC)
                   FILTER (WHERE place <= 2))[1] AS channel_used,
               (array_agg((newest).provider_id ORDER BY place, (newest).at DESC))[1] AS provider_id,
               (array_agg(nullif((newest).detail, '') ORDER BY place, (newest).at DESC))[1] AS detail
        FROM (
            SELECT by_channel.*, CASE (newest).outcome WHEN 'delivered' THEN 1 WHEN 'accepted' THEN 2
                       WHEN 'expired' THEN 3 ELSE 4 END AS place
            FROM (
                SELECT min(at) FILTER (WHERE outcome IN ('accepted', 'delivered')) AS sent_at,
                       min(at) FILTER (WHERE outcome = 'delivered') AS delivered_at,
                       coalesce(max(attempt) FILTER (WHERE outcome <> 'expired'), 0) AS attempts,
                       bool_or(repeated) AS repeated,
                       (array_agg(one ORDER BY attempt DESC, (outcome = 'delivered') DESC,
                           outcome = 'intent', at DESC))[1] AS newest
                FROM delivery_attempt AS one
                WHERE one.site = told.site AND one.notification = told.id
                GROUP BY one.channel
            ) AS by_channel
        ) AS ways
    ) AS delivery;
COMMENT ON VIEW notifications IS
    'Messages to people and endpoints, a row each, and what became of them. Replays tell nobody: all of them are live.';

CREATE VIEW on_call AS
    SELECT site, schedule, starts_at, least(ends_at, next_at) AS ends_at,
           tstzrange(starts_at, least(ends_at, next_at)) AS during,
           ARRAY(SELECT jsonb_array_elements_text(people)) AS people, people ->> 0 AS called,
           plant_version
    FROM (
        SELECT told.*, lead(starts_at) OVER (PARTITION BY site, schedule ORDER BY starts_at) AS next_at
        FROM on_call_shift AS told
        WHERE NOT EXISTS (
            SELECT FROM on_call_shift AS newer
            WHERE newer.site = told.site AND newer.schedule = told.schedule
                AND newer.number > told.number AND newer.starts_at <= told.starts_at
        )
    ) AS valid;
COMMENT ON VIEW on_call IS
    'Who was and is on call, a row per schedule from one hand-over to the next, as it was told last. Hand-overs to come are told when they take place.';

CREATE FUNCTION on_call_at(moment timestamptz) RETURNS SETOF on_call LANGUAGE sql STABLE AS $$
    SELECT * FROM on_call WHERE starts_at <= moment AND (ends_at IS NULL OR ends_at > moment)
$$;
COMMENT ON FUNCTION on_call_at IS 'Who was on call in each schedule at this moment.';

CREATE VIEW on_call_now AS
    SELECT site, schedule, called, people, starts_at, ends_at FROM on_call_at(now());
COMMENT ON VIEW on_call_now IS 'Who is on call now, a row per schedule.';

CREATE FUNCTION alert_figures(
    begins timestamptz, ends timestamptz, time_zone text DEFAULT 'UTC', of_run text DEFAULT ''
) RETURNS TABLE (
    site text, day date, severity text, alerts bigint,
    notified bigint, notify_s double precision, mttn_s double precision,
    acknowledged bigint, acknowledge_s double precision, mtta_s double precision,
    resolved bigint, resolve_s double precision, mttr_s double precision,
    escalations bigint, late bigint, flapping bigint
) LANGUAGE sql STABLE AS $$
    SELECT site, day, severity, number, notified, notify_s, notify_s / nullif(notified, 0),
           acknowledged, acknowledge_s, acknowledge_s / nullif(acknowledged, 0),
           resolved, resolve_s, resolve_s / nullif(resolved, 0), escalations, late, flapping
    FROM (
        SELECT of.site, (of.starts_at AT TIME ZONE time_zone)::date AS day, of.severity,
               count(*) AS number,
               count(time_to_notify_s) FILTER (WHERE NOT of.late) AS notified,
               coalesce(sum(time_to_notify_s) FILTER (WHERE NOT of.late), 0) AS notify_s,
               count(time_to_acknowledge_s) FILTER (WHERE NOT of.late) AS acknowledged,
               coalesce(sum(time_to_acknowledge_s) FILTER (WHERE NOT of.late), 0) AS acknowledge_s,
               count(time_to_resolve_s) FILTER (WHERE NOT of.late) AS resolved,
               coalesce(sum(time_to_resolve_s) FILTER (WHERE NOT of.late), 0) AS resolve_s,
               sum(of.escalations)::bigint AS escalations,
               count(*) FILTER (WHERE of.late) AS late,
               count(*) FILTER (WHERE of.flapping) AS flapping
        FROM alerts AS of
        WHERE of.run = of_run AND of.fired_at IS NOT NULL
            AND of.starts_at >= begins AND of.starts_at < ends
        GROUP BY 1, 2, 3
    ) AS sums
$$;
COMMENT ON FUNCTION alert_figures IS
    'Figures of alerts that fired and whose condition began in [begins, ends), a row per site, day (of the time zone, by starts_at) and highest severity. MTTN, MTTA and MTTR (mean time to notify, acknowledge, resolve; s) = notify_s / notified, acknowledge_s / acknowledged, resolve_s / resolved; each counts from when the alert fired, over the alerts to which it happened. Late alerts are counted (late) and have no times: they fired before anybody could hear of them. To join rows, sum seconds and counts and divide; never average means.';

CREATE FUNCTION alarm_intervals(begins timestamptz, ends timestamptz, of_run text DEFAULT '')
RETURNS TABLE (site text, operator text, interval_start timestamptz, alarms bigint)
LANGUAGE sql STABLE AS $$
    SELECT told.site, told.who, told.bin, sum(told.alarms)::bigint
    FROM (
        SELECT of.site, of.who, of.alarms,
               date_bin('10 minutes', of.at, timestamptz '2000-01-01 00:00:00+00') AS bin
        FROM (
            SELECT one.site, '' AS who, one.at, 1::bigint AS alarms
            FROM alert_transition AS one
            WHERE one.run = of_run AND one.state = 'firing'
                AND one.at >= begins AND one.at < ends + interval '10 minutes'
                AND NOT EXISTS (
                    SELECT FROM alert_transition AS earlier
                    WHERE earlier.run = one.run AND earlier.site = one.site
                        AND earlier.fingerprint = one.fingerprint
                        AND earlier.starts_at = one.starts_at AND earlier.state = 'firing'
                        AND (earlier.at, earlier.severity) < (one.at, one.severity))
            UNION ALL
            SELECT one.site, one.recipient, one.at, 1
            FROM notification_alert AS one
            WHERE one.run = of_run AND one.state = 'firing'
                AND one.at >= begins AND one.at < ends + interval '10 minutes'
                AND NOT EXISTS (
                    SELECT FROM notification_alert AS earlier
                    WHERE earlier.run = one.run AND earlier.site = one.site
                        AND earlier.fingerprint = one.fingerprint
                        AND earlier.starts_at = one.starts_at
                        AND earlier.recipient = one.recipient AND earlier.state = 'firing'
                        AND (earlier.at, earlier.notification) < (one.at, one.notification))
            UNION ALL
            SELECT many.site, many.recipient, many.at, max(many.total - many.listed)
            FROM notification AS many
            WHERE of_run = '' AND many.why IN ('firing', 'summary') AND many.total > many.listed
                AND many.at >= begins AND many.at < ends + interval '10 minutes'
            GROUP BY many.site, many.recipient, many.group_id, many.why, many.at
        ) AS of
    ) AS told
    WHERE told.bin >= begins AND told.bin < ends
    GROUP BY 1, 2, 3
$$;
COMMENT ON FUNCTION alarm_intervals IS
    'Annunciated alarms per operator and regular interval of 10 minutes (of UTC) that begins in [begins, ends); intervals without an alarm have no row. An operator is whoever is told: a person, or an endpoint such as a chat channel; the operator '''' is the site as a whole, with each alert once, when it fires. To an operator an alert counts once, when they are told of it for the first time. What a first message of a group or a summary counts and does not list is added.';

CREATE FUNCTION alarm_floods(begins timestamptz, ends timestamptz, of_run text DEFAULT '')
RETURNS TABLE (
    site text, operator text, begins_at timestamptz, ends_at timestamptz, alarms bigint, peak bigint
) LANGUAGE sql STABLE AS $$
    WITH marked AS (
        SELECT of.site, of.operator AS who, of.interval_start AS bin, of.alarms AS told,
               CASE WHEN of.alarms > 10 THEN 1 WHEN of.alarms < 5 THEN 0 END AS mark,
               of.interval_start - interval '10 minutes' * row_number() OVER (
                   PARTITION BY of.site, of.operator ORDER BY of.interval_start) AS island
        FROM alarm_intervals(begins - interval '1 day', ends + interval '1 day', of_run) AS of
    ), stretched AS (
        SELECT marked.*, count(mark) OVER (PARTITION BY marked.site, who, island ORDER BY bin) AS stretch
        FROM marked
    ), held AS (
        SELECT stretched.*, first_value(mark) OVER (
                   PARTITION BY stretched.site, who, island, stretch ORDER BY bin) AS is_on
        FROM stretched
    ), followed AS (
        SELECT held.*, lag(is_on) OVER (PARTITION BY held.site, who, island ORDER BY bin) AS was_on
        FROM held
    ), numbered AS (
        SELECT followed.*, count(*) FILTER (WHERE is_on = 1 AND was_on IS DISTINCT FROM 1) OVER (
                   PARTITION BY followed.site, who, island ORDER BY bin) AS flood
        FROM followed
    )
    SELECT numbered.site, who, min(bin), max(bin) + interval '10 minutes', sum(told)::bigint, max(told)
    FROM numbered
    WHERE is_on = 1
    GROUP BY numbered.site, who, island, flood
    HAVING min(bin) < ends AND max(bin) + interval '10 minutes' > begins
$$;
COMMENT ON FUNCTION alarm_floods IS
    'Alarm floods that touch [begins, ends), by ANSI/ISA-18.2-2016 (16.5) and EEMUA 191: a flood begins with the first regular interval of 10 minutes that has more than 10 alarms of one operator, and ends at the beginning of the first one that has fewer than 5. `peak` is the most alarms in one of its intervals. A day around the range is looked at. Operators are those of alarm_intervals.';

CREATE FUNCTION alarm_figures(begins timestamptz, ends timestamptz, of_run text DEFAULT '')
RETURNS TABLE (
    site text, operator text, alarms bigint, hours double precision,
    alarms_per_hour double precision, alarms_per_10min double precision, peak_per_10min bigint,
    intervals_over_10 bigint, share_over_10 double precision,
    floods bigint, flood_s double precision, flood_share double precision
) LANGUAGE sql STABLE AS $$
    SELECT told.site, told.who, told.alarms, span.hours,
           told.alarms / span.hours, told.alarms / (6 * span.hours), told.peak, told.over_10,
           told.over_10 / (6 * span.hours), coalesce(flooded.floods, 0),
           coalesce(flooded.seconds, 0), coalesce(flooded.seconds, 0) / (3600 * span.hours)
    FROM (
        SELECT of.site, of.operator AS who, sum(of.alarms)::bigint AS alarms, max(of.alarms) AS peak,
               count(*) FILTER (WHERE of.alarms > 10) AS over_10
        FROM alarm_intervals(begins, ends, of_run) AS of
        GROUP BY of.site, of.operator
    ) AS told
    CROSS JOIN (
        SELECT nullif(extract(epoch FROM ends - begins), 0)::double precision / 3600 AS hours
    ) AS span
    LEFT JOIN (
        SELECT one.site, one.operator AS who, count(*) AS floods,
               sum(extract(epoch FROM least(one.ends_at, ends) - greatest(one.begins_at, begins)))::double precision
                   AS seconds
        FROM alarm_floods(begins, ends, of_run) AS one
        GROUP BY one.site, one.operator
    ) AS flooded USING (site, who)
$$;
COMMENT ON FUNCTION alarm_figures IS
    'Rates of ANSI/ISA-18.2-2016 (16.5) and EEMUA 191 per operator of alarm_intervals in [begins, ends), which are multiples of 10 minutes: alarms_per_hour = alarms / hours; alarms_per_10min = alarms / (6 * hours); share_over_10 = intervals of 10 minutes with more than 10 alarms / all intervals; flood_s = time in floods (alarm_floods) within the range, s; flood_share = flood_s / length of the range. The standard''s targets: about 6 per hour and 1 per 10 minutes (at most about 12 and 2), at most 10 in any 10 minutes, share_over_10 and flood_share below 1 %.';

CREATE VIEW alarm_behaviour AS
    SELECT run, site, fingerprint, starts_at, alertname, equipment, area, severity, fired_at,
           resolved_at, active_s, chattering,
           resolved_at IS NOT NULL AND active_s < 60 AND NOT chattering AS fleeting,
           resolved_at IS NULL AS standing, active_s > 86400 AS stale, flapping
    FROM (
        SELECT run, site, fingerprint, starts_at, alertname, equipment, area, severity, fired_at,
               resolved_at, flapping,
               extract(epoch FROM coalesce(resolved_at, now()) - fired_at)::double precision AS active_s,
               coalesce(lead(fired_at, 2) OVER same - fired_at <= interval '1 minute', false)
                   OR coalesce(lead(fired_at) OVER same - lag(fired_at) OVER same
                       <= interval '1 minute', false)
                   OR coalesce(fired_at - lag(fired_at, 2) OVER same <= interval '1 minute', false)
                   AS chattering
        FROM alerts
        WHERE fired_at IS NOT NULL
        WINDOW same AS (PARTITION BY run, site, fingerprint ORDER BY fired_at, starts_at)
    ) AS one;
COMMENT ON VIEW alarm_behaviour IS
    'Alerts that fired, a row each, and which of them ANSI/ISA-18.2-2016 (16.5) calls a nuisance: chattering, fleeting, stale; and which stand now. Targets of the standard: no chattering and fleeting alarms, fewer than 5 stale ones on any day. Live is run = ''''.';

DO $$
DECLARE
    named record;
BEGIN
    FOR named IN SELECT view_name, column_name, about FROM (VALUES
        ('', 'run', 'The replay it belongs to; '''' is live.'),
        ('', 'site', 'enterprise/site.'),
        ('', 'plant_version', 'Version of the plant file.'),
        ('', 'fingerprint', 'Of the labels without severity: the same alert at another time has the same one.'),
        ('', 'starts_at', 'When the condition became true; names the alert together with its fingerprint.'),
        ('', 'labels', 'All labels but severity.'),
        ('', 'alertname', 'Name of the rule; the label alertname.'),
        ('', 'equipment', 'Id of the equipment; the label equipment, null without one.'),
        ('', 'area', 'The label area: of the rule, or of the equipment; null without one.'),
        ('', 'line', 'The label line; null without one.'),
        ('', 'severity', 'Highest severity that it reached: info, warning or critical.'),
        ('', 'flapping', 'Whether it fires and is resolved again and again, and was told as one.'),
        ('', 'fired_at', 'When it fired first, by event time; null if it was pending only.'),
        ('', 'resolved_at', 'When it was resolved, or fired anew without having been; null while it is open.'),
        ('alerts', 'current_severity', 'Severity as of its newest transition.'),
        ('alerts', 'state', 'pending, firing or resolved.'),
        ('alerts', 'is_acknowledged', 'Whether the newest answer is an acknowledgement that holds (or held when it was resolved).'),
        ('alerts', 'acknowledged_at', 'When it was acknowledged for the first time, also if that was taken back.'),
        ('alerts', 'acknowledged_by', 'Who acknowledged it then.'),
        ('alerts', 'told_at', 'When a provider took the first message that lists it as firing.'),
        ('alerts', 'time_to_notify_s', 'told_at - fired_at, s.'),
        ('alerts', 'time_to_acknowledge_s', 'acknowledged_at - fired_at, s; 0 if it was acknowledged before it fired.'),
        ('alerts', 'time_to_resolve_s', 'resolved_at - fired_at, s.'),
        ('alerts', 'escalations', 'How often the next step was taken because nobody answered.'),
        ('alerts', 'late', 'Whether what it stands on arrived after newer facts of the same kind.'),
        ('alerts', 'value', 'What the condition saw when it became firing, or as severe as it is, in `unit`; as text.'),
        ('alerts', 'limit_value', 'The limit then, in `unit`; as text.'),
        ('alerts', 'unit', 'Unit of value and limit_value.'),
        ('alerts', 'summary', 'What people were told, in English, or else in Spanish.'),
        ('alerts', 'words', 'Summary and description by language.'),
        ('alerts', 'runbook_url', 'What to do.'),
        ('alerts', 'generator', 'rule, or prometheus/SENDER.'),
        ('alert_history', 'at', 'When it became so, by event time; of an act, when it was said.'),
        ('alert_history', 'kind', 'transition, handling or act.'),
        ('alert_history', 'what', 'State of a transition; what was done; type of an act.'),
        ('alert_history', 'starts_at', 'Of the alert; of an act that does not name it, of the newest alert with this fingerprint that had begun.'),
        ('alert_history', 'fingerprint', 'Of the alert; null for acts that are about no single one (silences, on call).'),
        ('alert_history', 'severity', 'Of a transition.'),
        ('alert_history', 'holds', 'Of a handling: false where it is over.'),
        ('alert_history', 'until', 'How long it is to hold.'),
        ('alert_history', 'done_by', 'Who did it or said it; null is the dispatcher.'),
        ('alert_history', 'because', 'Comment, silence, mute timing, inhibiting alert, or step.'),
        ('alert_history', 'statement', 'Id of the act of a person, also of what followed from it.'),
        ('alert_history', 'told', 'Value, limit, unit, late and flapping of a transition; an act as it was said.'),
        ('notifications', 'id', 'Its name; the same causes give the same one.'),
        ('notifications', 'recipient', 'Id of the person, or of an endpoint such as a chat channel.'),
        ('notifications', 'channel', 'The channel that was to be used.'),
        ('notifications', 'why', 'firing, changed, repeat, escalated, reminder, resolved, summary or maintenance.'),
        ('notifications', 'step', 'Step of the chain, from 0.'),
        ('notifications', 'severity', 'Highest severity of its alerts.'),
        ('notifications', 'decided_at', 'When it was decided, by event time.'),
        ('notifications', 'sent_at', 'When a provider took it first; null while none has.'),
        ('notifications', 'delivered_at', 'When a provider said that it arrived; null where none says so.'),
        ('notifications', 'time_to_send_s', 'sent_at - decided_at, s.'),
        ('notifications', 'outcome', 'The best of its channels: delivered, accepted, expired; else the newest: intent, failed, refused, unknown; waiting: nothing is known.'),
        ('notifications', 'attempts', 'Attempts to send it, on all channels.'),
        ('notifications', 'repeated', 'Whether it was sent again without knowing whether it had arrived.'),
        ('notifications', 'channel_used', 'The channel on which it was accepted or delivered: another one after a fallback.'),
        ('notifications', 'provider_id', 'The provider''s name for it.'),
        ('notifications', 'detail', 'What the provider said of it.'),
        ('notifications', 'total', 'Alerts that it stands for.'),
        ('notifications', 'listed', 'Alerts that it lists (notification_alert).'),
        ('notifications', 'group_id', 'The group of alerts.'),
        ('notifications', 'group_labels', 'What its alerts have in common.'),
        ('notifications', 'comment', 'What was added.'),
        ('notifications', 'escalates_at', 'When somebody else is told.'),
        ('notifications', 'escalates_to', 'Who is told then: an array of ids.'),
        ('notifications', 'others', 'Who is told besides: an array of ids.'),
        ('notifications', 'expires_at', 'After this it is not sent any more.'),
        ('on_call', 'schedule', 'Name of the schedule.'),
        ('on_call', 'starts_at', 'When they took over.'),
        ('on_call', 'ends_at', 'When somebody else takes over; null if nobody ever does.'),
        ('on_call', 'during', 'starts_at to ends_at as a range: && and @> ask about intervals and moments.'),
        ('on_call', 'people', 'Ids, one of each layer on duty, the first layer first; empty is nobody.'),
        ('on_call', 'called', 'The first of them; null is nobody.'),
        ('on_call_now', 'schedule', 'Name of the schedule.'),
        ('on_call_now', 'starts_at', 'When they took over.'),
        ('on_call_now', 'ends_at', 'When somebody else takes over; null if nobody ever does.'),
        ('on_call_now', 'people', 'Ids, one of each layer on duty, the first layer first; empty is nobody.'),
        ('on_call_now', 'called', 'The first of them; null is nobody.'),
        ('alarm_behaviour', 'active_s', 'From firing to being resolved, or until now, s.'),
        ('alarm_behaviour', 'chattering', 'One of three or more firings of the same alert within a minute.'),
        ('alarm_behaviour', 'fleeting', 'Resolved within less than 60 s, and not chattering; the standard names no time.'),
        ('alarm_behaviour', 'standing', 'Fires now.'),
        ('alarm_behaviour', 'stale', 'Was or is active for more than 24 h.')
    ) AS c (of_view, column_name, about)
    JOIN (SELECT unnest(ARRAY['alerts', 'alert_history', 'notifications', 'on_call', 'on_call_now',
        'alarm_behaviour']) AS view_name) AS v ON of_view IN ('', view_name)
    JOIN pg_attribute ON attrelid = view_name::regclass AND attname = column_name
    ORDER BY of_view
    LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', named.view_name, named.column_name, named.about);
    END LOOP;
END
$$;

-- migrate:down

DROP VIEW alarm_behaviour;
DROP FUNCTION alarm_figures, alarm_floods, alarm_intervals, alert_figures;
DROP VIEW on_call_now;
DROP FUNCTION on_call_at;
DROP VIEW on_call, notifications, alert_history, alerts;
