"""What a database says of itself that lacks nothing."""

from sinks.timescale.fitness import ROLES, Facts

FIT = Facts(
    built="PostgreSQL 17.5 on x86_64-pc-linux-gnu, compiled by gcc",
    postgres=17,
    database="plant",
    user="ana",
    schema="public",
    zone="Etc/UTC",
    zone_is_utc=True,
    timescale="2.23.0",
    available="2.23.0",
    license="timescale",
    restoring="off",
    workers="16",
    processes=27,
    launcher=True,
    may_create=True,
    may_create_roles=True,
    may_create_extension=True,
    roles=ROLES,
    relations=(),
    bookkeeping=("file", "sha256", "applied_at"),
    may_read_bookkeeping=True,
    unwritable=(),
)
