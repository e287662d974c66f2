"""`plantstream alerts list`: what is open, and what was."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from plantstream.commands.console import messages, print_json
from plantstream.commands.options import AS_JSON, DATA_DIR
from plantstream.commands.tables import print_columns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from plantstream.runtime.settings import KafkaSettings
    from schemas.acts import Matcher
    from schemas.alerts import AlertStatus


class Wanted(StrEnum):
    """Which states are listed."""

    OPEN = "open"
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    PENDING = "pending"
    RESOLVED = "resolved"
    ALL = "all"


class Graded(StrEnum):
    """Severities."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


MATCH = typer.Option(
    [], metavar="NAME=VALUE", help="Also !=, =~ and !~, as in Alertmanager; may be repeated."
)


def list_(
    site: str | None = typer.Option(None, help="enterprise/site; default: all sites."),
    state: Wanted = typer.Option(Wanted.OPEN, help="open: all that are not resolved."),
    severity: Graded | None = typer.Option(None, help="Only alerts that are so severe now."),
    match: list[str] = MATCH,
    data_dir: Path | None = DATA_DIR,
    as_json: bool = AS_JSON,
) -> None:
    """List alerts as they stand, the most severe first; without any database."""
    from plantstream.commands.alert_view import document, row, zone_of
    from plantstream.commands.connection import kafka_settings
    from plantstream.commands.matching import matchers_of
    from plantstream.commands.running import run_async
    from plantstream.runtime import clock

    matchers = matchers_of(match)
    known, zones = run_async(_known(kafka_settings(data_dir), site))
    found = [
        one
        for one in known
        if _is_wanted(one, state, matchers) and severity in {None, one.alert.severity}
    ]
    if as_json:
        print_json([document(one) for one in found])
    elif found:
        now = clock.now()
        print_columns(row(one, zone_of(one, zones), now) for one in found)
    else:
        messages.print("no alerts" if state is Wanted.ALL else f"no alert is {state.value}")


async def _known(
    kafka: "KafkaSettings", site: str | None
) -> "tuple[list[AlertStatus], dict[str, ZoneInfo]]":
    from plantstream.commands.site_plant import zones
    from plantstream.commands.topic_records import statuses

    found = await statuses(kafka, site)
    return found, await zones(kafka) if found else {}


def _is_wanted(status: "AlertStatus", state: Wanted, matchers: "Sequence[Matcher]") -> bool:
    from plantstream.commands.alert_view import state_of
    from plantstream.commands.matching import labels_of
    from schemas.plant.alerts.matchers import are_met

    stands = state_of(status)
    is_so = {Wanted.ALL: True, Wanted.OPEN: stands != "resolved"}.get(state, stands == state.value)
    return is_so and are_met(matchers, labels_of(status))
