"""The table of faults: what is done, how often, and how soon everything must be as before."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tests.chaos import harm, loads, outages, versions
from tests.chaos.factory import SERVICES
from tests.chaos.harm import TAKEN_OVER_S, Harm
from tests.chaos.meanwhile import Promises
from tests.chaos.parts import Setting

AT_ONCE_S = 15.0
"""To lag 0, when what failed is there again."""
DRAINED_S = 15.0
"""For what piled up in a minute: the sink drains at least four times as fast as it came in."""
WITHOUT_A_DATABASE = Promises(pages_within_s=5.0, sink_below_mb=300.0)
"""People are told of heat as ever, and the sink takes no more than it can bear."""
GOES_ON = Promises(resumes_within_s=AT_ONCE_S)
"""What comes in while a broker is away waits at the edge; catching up takes at most as long."""
WITHOUT_A_STORM = Promises(pages_within_s=5.0, rebalances_at_most=4)
"""A worker gives way to one that will be blocked, and that one to the next: two leave, two come."""


@dataclass(frozen=True, slots=True)
class Row:
    """One fault."""

    says: str
    runs: int
    harm: Harm
    within_s: float = AT_ONCE_S
    setting: Setting = Setting.USUAL
    promises: Promises = field(default_factory=Promises)
    """What must hold meanwhile."""
    is_short: bool = False
    """Whether it belongs to the short form, of one run each."""


def _kills() -> Mapping[str, Row]:
    return {
        f"kill-{name}": Row(
            f"SIGKILL of {name} at a random moment, started again at once",
            30,
            harm.killed(name),
            is_short=name in {"oee", "sink", "ingest", "notify"},
        )
        for name in SERVICES
    }


def _takeovers() -> Mapping[str, Row]:
    return {
        f"takeover-{name}": Row(
            f"SIGKILL of one of two workers of {name}", 30, harm.taken_over(name), TAKEN_OVER_S
        )
        for name in SERVICES
        if name != "ingest"
    }


def _brokers() -> Mapping[str, Row]:
    return {
        f"broker-{how}-{seconds}s": Row(
            f"the broker {says}, {seconds} s down; all goes on within 15 s",
            5,
            outages.broker_down(seconds, is_killed=how == "killed"),
            AT_ONCE_S + seconds,
            promises=GOES_ON,
        )
        for how, says in (("restarted", "stopped in order"), ("killed", "killed"))
        for seconds in (10, 60)
    }


def _databases() -> Mapping[str, Row]:
    return {
        f"database-{how}-{seconds}s": Row(
            f"the database {says}, {seconds} s down",
            5,
            outages.database_down(seconds, is_killed=how == "killed"),
            promises=WITHOUT_A_DATABASE,
        )
        for how, says in (("restarted", "stopped in order"), ("killed", "killed"))
        for seconds in (10, 60)
    }


def _disks() -> Mapping[str, Row]:
    return {
        f"disk-full-{place}": Row(
            f"the disk of the {said} is full for 20 s",
            3,
            outages.disk_full(place, 20),
            TAKEN_OVER_S,
            Setting.SMALL_DISKS,
        )
        for place, said in (
            ("edge", "edge, which cannot reach the broker,"),
            ("kafka", "broker"),
            ("database", "database"),
        )
    }


ROWS: Mapping[str, Row] = {
    **_kills(),
    **_takeovers(),
    "frozen-oee": Row(
        "SIGSTOP of one of two processors for 30 s", 20, harm.frozen("oee"), TAKEN_OVER_S
    ),
    "frozen-sink": Row(
        "SIGSTOP of one of two sinks for 30 s (native PostgreSQL)",
        20,
        harm.frozen("sink"),
        TAKEN_OVER_S,
        Setting.NATIVE,
    ),
    "rolling-restart": Row(
        "SIGTERM and start of every service in turn, each stops in 10 s", 10, harm.rolling_restart
    ),
    **_brokers(),
    **_databases(),
    "database-away-1200000": Row(
        "the database killed, away while 1,200,000 samples pile up in a minute",
        5,
        outages.database_away_for(1_200_000),
        AT_ONCE_S + DRAINED_S,
        promises=WITHOUT_A_DATABASE,
    ),
    "database-black-holed-30s": Row(
        "the database takes everything and answers nothing, 30 s",
        5,
        outages.database_swallowed(30),
        promises=WITHOUT_A_DATABASE,
    ),
    "database-slow-30s": Row(
        "200 ms more for every question, 30 s",
        5,
        outages.slow_database(30),
        promises=replace(WITHOUT_A_DATABASE, rebalances_at_most=0),
    ),
    "database-read-only-30s": Row(
        "the database refuses to write, 30 s (native PostgreSQL)",
        5,
        outages.read_only(30),
        setting=Setting.NATIVE,
        promises=WITHOUT_A_DATABASE,
    ),
    "one-of-three-brokers-killed": Row(
        "one of three brokers killed, 20 s down; the others, who have every record, go on",
        5,
        outages.one_broker_down(20),
        TAKEN_OVER_S,
        promises=GOES_ON,
        setting=Setting.THREE_BROKERS,
    ),
    **_disks(),
    "loop-blocked-40s": Row(
        "the event loop of the processor stands still for 40 s",
        5,
        harm.loop_blocked,
        promises=WITHOUT_A_STORM,
    ),
    "month-replayed": Row(
        "a month of three machines is replayed; live rows at most twice as late, no page for it",
        3,
        loads.month_replayed,
    ),
    "schema-versions": Row(
        "each two services with a version more or less of the schemas; records too far on",
        3,
        versions.schema_versions,
        TAKEN_OVER_S,
    ),
    "half-an-hour": Row(
        "nothing, for 30 minutes: no service grows by 1 MB in 10 minutes", 1, loads.half_an_hour
    ),
    "edge-cut-off": Row(
        "drops, delays, cuts in mid-stream, half-open lines between edge and broker",
        10,
        outages.edge_cut_off,
        is_short=True,
    ),
    "workers-come-and-go": Row(
        "every 5 s a second processor or a second sink comes, or goes, in order or killed; 8 times",
        20,
        harm.workers_come_and_go,
        TAKEN_OVER_S,
    ),
}
