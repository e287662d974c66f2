-- Who logs in, made once, when the volume is empty. What each may do, the migrations tell the roles that
-- begin with plantstream_. Passwords come from a secret that psql reads.
\i /run/secrets/database_passwords

CREATE ROLE plantstream_owner NOLOGIN;
CREATE ROLE plantstream_writer NOLOGIN;
CREATE ROLE plantstream_reader NOLOGIN;
CREATE ROLE plantstream_auditor NOLOGIN;

CREATE ROLE migrate LOGIN PASSWORD :'migrate' IN ROLE plantstream_owner;
CREATE ROLE sink LOGIN PASSWORD :'writer' IN ROLE plantstream_writer;
CREATE ROLE grafana LOGIN PASSWORD :'reader' IN ROLE plantstream_reader CONNECTION LIMIT 40;
CREATE ROLE monitor LOGIN PASSWORD :'monitor' IN ROLE pg_monitor CONNECTION LIMIT 5;

-- A dashboard is answered within 30 s or not at all, and changes nothing.
ALTER ROLE grafana SET statement_timeout = '30s';
ALTER ROLE grafana SET default_transaction_read_only = on;

SELECT format('ALTER DATABASE %I OWNER TO migrate', current_database()) \gexec
SELECT format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()) \gexec
SELECT format(
    'GRANT CONNECT ON DATABASE %I TO plantstream_owner, plantstream_writer, plantstream_reader, plantstream_auditor, monitor',
    current_database()
) \gexec
ALTER SCHEMA public OWNER TO migrate;
