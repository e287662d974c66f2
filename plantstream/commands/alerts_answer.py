"""`plantstream alerts ack`, `unack` and `snooze`: what people on call do about alerts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from plantstream.commands.console import complain, print_json
from plantstream.commands.options import AS_JSON, DATA_DIR
from plantstream.commands.tables import print_columns
from plantstream.runtime.errors import EXIT_FAILED

if TYPE_CHECKING:
    from plantstream.commands.acting import Actor
    from plantstream.runtime.settings import KafkaSettings
    from schemas.acts import OperatorRecord
    from schemas.alerts import AlertStatus

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=7)
"""Of a snooze."""
ALERTS = typer.Argument(
    metavar="ID...", help="Codes, fingerprints or how they begin, Hot, 'Hot{equipment=press}'."
)
WHO = typer.Option(
    ...,
    "--as",
    metavar="PERSON",
    help="Who you are: your id under `people` of the plant file, not your name.",
)
COMMENT = typer.Option(None, help="What others shall know; it stands in the audit trail.")
ONE_SITE = typer.Option(None, help="enterprise/site; default: wherever the alerts are.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of each alert, and whether it holds then."""

    act: "Callable[[Actor, AlertStatus], OperatorRecord]"
    holds: "Callable[[AlertStatus, Any], bool]"
    """Of the alert afterwards and the act."""
    told: str
    """What an alert is not where it does not hold."""


def ack(
    alerts: list[str] = ALERTS,
    person: str = WHO,
    comment: str | None = COMMENT,
    site: str | None = ONE_SITE,
    data_dir: Path | None = DATA_DIR,
    as_json: bool = AS_JSON,
) -> None:
    """Take care of alerts: nobody else is called, until they become more severe or are over."""
    from schemas.acts import Acknowledgement

    def act(actor: "Actor", alert: "AlertStatus") -> "OperatorRecord":
        said: dict[str, Any] = {"fingerprint": alert.fingerprint, "starts_at": alert.starts_at}
        return actor.act(Acknowledgement, **said, via="command", comment=comment)

    def holds(alert: "AlertStatus", act: Acknowledgement) -> bool:
        return alert.acknowledged_by == act.by

    answer = Answer(act, holds, "acknowledged")
    _answer(answer, (alerts, person, site), data_dir, as_json)


def unack(
    alerts: list[str] = ALERTS,
    person: str = WHO,
    comment: str | None = COMMENT,
    site: str | None = ONE_SITE,
    data_dir: Path | None = DATA_DIR,
    as_json: bool = AS_JSON,
) -> None:
    """Take an acknowledgement or a snooze back: people are called again."""
    from schemas.acts import Unacknowledgement

    def act(actor: "Actor", alert: "AlertStatus") -> "OperatorRecord":
        return actor.act(Unacknowledgement, fingerprint=alert.fingerprint, comment=comment)

    def holds(alert: "AlertStatus", _: Unacknowledgement) -> bool:
        return alert.acknowledged_by is None and alert.snoozed_until is None

    answer = Answer(act, holds, "free again")
    _answer(answer, (alerts, person, site), data_dir, as_json)


def snooze(
    alerts: list[str] = ALERTS,
    length: str = typer.Option(
        ..., "--for", metavar="2h", help="How long they call nobody: a minute to a week."
    ),
    person: str = WHO,
    comment: str | None = COMMENT,
    site: str | None = ONE_SITE,
    data_dir: Path | None = DATA_DIR,
    as_json: bool = AS_JSON,
) -> None:
    """Let alerts call nobody for a while, unless they become more severe."""
    from plantstream.commands.given_times import span
    from schemas.acts import Snooze

    lasts = span(length, "--for")
    if not SHORTEST <= lasts <= LONGEST:
        raise typer.BadParameter("a snooze lasts from 1m to 7d", param_hint="--for")

    def act(actor: "Actor", alert: "AlertStatus") -> "OperatorRecord":
        said: dict[str, Any] = {"fingerprint": alert.fingerprint, "until": actor.now + lasts}
        return actor.act(Snooze, **said, comment=comment)

    def holds(alert: "AlertStatus", act: Snooze) -> bool:
        return alert.snoozed_until == act.until

    answer = Answer(act, holds, "snoozed")
    _answer(answer, (alerts, person, site), data_dir, as_json)


def _answer(
    answer: Answer,
    who: tuple[Sequence[str], str, str | None],
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Say it of all alerts or of none, and show how they stand then."""
    from plantstream.commands.alert_view import document, name_of, row, zone_of
    from plantstream.commands.connection import kafka_settings
    from plantstream.commands.running import run_async
    from plantstream.commands.site_plant import zones
    from plantstream.runtime import clock

    kafka = kafka_settings(data_dir)
    is_taken, found = run_async(_said(kafka, answer, who))
    if as_json:
        print_json([document(one) for one, _ in found])
    else:
        places = run_async(zones(kafka))
        print_columns(row(one, zone_of(one, places), clock.now()) for one, _ in found)
    others = [one for one, act in found if is_taken and not answer.holds(one, act)]
    for one in others:
        complain(
            f"{name_of(one)} is not {answer.told}: it changed meanwhile; look at it with "
            f"plantstream alerts show {one.fingerprint}"
        )
    if others or not is_taken:
        raise typer.Exit(EXIT_FAILED)


async def _said(
    kafka: "KafkaSettings", answer: Answer, who: tuple[Sequence[str], str, str | None]
) -> "tuple[bool, list[tuple[AlertStatus, OperatorRecord]]]":
    """Whether the dispatcher took it, and how the alerts stand then, each with the act."""
    from plantstream.commands.acting import actor, do
    from plantstream.commands.alert_names import find
    from plantstream.commands.topic_records import statuses

    words, person, site = who
    meant = sorted(find(words, await statuses(kafka, site)), key=lambda one: one.site)
    _must_be_open(meant)
    acts: dict[str, OperatorRecord] = {}
    for place, alerts in groupby(meant, key=lambda one: one.site):
        acting = await actor(kafka, person, place)
        acts |= {one.record_id(): answer.act(acting, one) for one in alerts}
    is_taken = await do(kafka, list(acts.values()))
    after = {one.record_id(): one for one in await statuses(kafka, site)}
    return is_taken, [(after[name], act) for name, act in acts.items()]


def _must_be_open(alerts: "Sequence[AlertStatus]") -> None:
    from plantstream.commands.alert_view import name_of

    over = [one for one in alerts if one.alert.state == "resolved"]
    for one in over:
        at = one.alert.at.isoformat(timespec="seconds")
        complain(f"{name_of(one)} is over since {at}: there is nothing to answer")
    if over:
        complain("nothing was written")
        raise typer.Exit(EXIT_FAILED)
