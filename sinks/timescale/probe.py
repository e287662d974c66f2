"""One question to the database about all that decides whether it is fit for us."""

from typing import Any

from psycopg import AsyncConnection, Connection

from sinks.timescale.fitness import WRITTEN, Facts

# Names of the catalogue stand without their schema: tests put others before it.
_PROBE = """
    SELECT json_build_object(
        'built', version(),
        'postgres', current_setting('server_version_num')::integer / 10000,
        'database', current_database(),
        'user', current_user,
        'schema', current_schema(),
        'zone', current_setting('TimeZone'),
        'zone_is_utc', extract(timezone FROM timestamptz '2026-01-15Z') = 0
            AND extract(timezone FROM timestamptz '2026-07-15Z') = 0,
        'timescale', (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'),
        'available',
            (SELECT default_version FROM pg_available_extensions WHERE name = 'timescaledb'),
        'license', current_setting('timescaledb.license', true),
        'restoring', current_setting('timescaledb.restoring', true),
        'workers', current_setting('timescaledb.max_background_workers', true),
        'processes', current_setting('max_worker_processes')::integer,
        'launcher', CASE WHEN pg_has_role('pg_read_all_stats', 'USAGE') THEN EXISTS (
            SELECT FROM pg_stat_activity
            WHERE backend_type = 'TimescaleDB Background Worker Launcher') END,
        'may_create', current_schema() IS NOT NULL
            AND has_schema_privilege(current_schema(), 'CREATE'),
        'may_create_roles', mine.rolsuper OR mine.rolcreaterole,
        'may_create_extension', mine.rolsuper
            OR has_database_privilege(current_database(), 'CREATE') AND EXISTS (
                SELECT FROM pg_available_extension_versions
                WHERE name = 'timescaledb' AND (trusted OR NOT superuser)),
        'roles', (SELECT json_agg(rolname) FROM pg_roles WHERE rolname LIKE 'plantstream%%'),
        'relations', (SELECT json_agg(relname) FROM pg_class
            WHERE relnamespace = to_regnamespace(quote_ident(current_schema()))
                AND relkind IN ('r', 'p', 'v', 'm', 'f')),
        'bookkeeping', (SELECT json_agg(attname) FROM pg_attribute
            WHERE attrelid = to_regclass('schema_migration') AND attnum > 0
                AND NOT attisdropped),
        'may_read_bookkeeping', to_regclass('schema_migration') IS NULL
            OR has_table_privilege(to_regclass('schema_migration'), 'SELECT'),
        'unwritable', (SELECT json_agg(name) FROM unnest(%s::text[]) AS name
            WHERE to_regclass(name) IS NOT NULL
                AND NOT (has_table_privilege(to_regclass(name), 'INSERT')
                    AND has_table_privilege(to_regclass(name), 'SELECT')))
    )
    FROM pg_roles AS mine WHERE mine.rolname = current_user
"""
_PARAMETERS = (list(WRITTEN),)


async def ask(connection: AsyncConnection) -> Facts:
    """The facts, by a reader that changes nothing."""
    return _facts(await (await connection.execute(_PROBE, _PARAMETERS)).fetchone())


def ask_blocking(connection: Connection) -> Facts:
    """The same for a command that does nothing else meanwhile."""
    return _facts(connection.execute(_PROBE, _PARAMETERS).fetchone())


def _facts(row: tuple[Any, ...] | None) -> Facts:
    return Facts.of(row[0] if row else {})
