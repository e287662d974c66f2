"""Acts of people: written down, and whether the dispatcher has taken them."""

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from plantstream.commands.console import complain
from plantstream.commands.site_plant import must_be_known

if TYPE_CHECKING:
    from plantstream.runtime.settings import KafkaSettings
    from schemas.acts import OperatorRecord
    from schemas.audit import AuditEntry
    from schemas.plant.load import PlantFile
    from sinks.notify.web.publishing import Saying

SOURCE = "command"
"""Of the events' ids; each run of a command is an epoch, of which nobody keeps marks."""
ANSWER_WITHIN_S = 10.0
"""So long the dispatcher is waited for."""
_SUBJECTS = ("fingerprint", "silence", "schedule", "batch")
Act = TypeVar("Act", bound="OperatorRecord")


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody of the plant file in force who acts now."""

    person: str
    file: "PlantFile"
    now: datetime

    @property
    def site(self) -> str:
        """Where they act."""
        return self.file.plant.site_path()

    def act(self, kind: type[Act], **said: Any) -> Act:
        """What they say, without its event id."""
        from schemas.record import EventId

        return kind(
            id=EventId(source=SOURCE, epoch="?", seq=0),
            plant_version=self.file.version,
            source_time=self.now,
            ingest_time=self.now,
            by=self.person,
            statement=secrets.token_hex(8),
            site=self.site,
            **said,
        )


async def actor(kafka: "KafkaSettings", person: str, site: str | None) -> Actor:
    """The person of this id, by the plant file in force.

    Raises:
        typer.BadParameter: the plant file knows nobody of this id.
        MisconfiguredError: there is no plant file of the site, or the site is not clear.
    """
    from plantstream.commands.site_plant import site_plant
    from plantstream.runtime import clock

    file = await site_plant(kafka, site)
    return Actor(must_be_known(file, person), file, clock.now())


async def do(kafka: "KafkaSettings", acts: Sequence["OperatorRecord"]) -> bool:
    """Write these acts down; whether the dispatcher took all of them in time, else it is said.

    The dispatcher writes an entry of the audit trail for each act that it takes, in the same
    transaction as all that follows from it. Our own entries go first: no act without one.
    """
    from plantstream.runtime.kafka.broker import KafkaBroker
    from plantstream.runtime.kafka.follow import Start, following
    from processors.dispatch.records import entry_id
    from schemas.topics import AUDIT_ENTRY, OPERATOR

    waiting = {entry_id(one.statement).encode() for one in acts}
    async with (
        following(kafka, AUDIT_ENTRY.name, Start.NOW) as entries,
        KafkaBroker(kafka) as broker,
    ):
        await write_down(broker, acts)
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_WITHIN_S):
                async for record in entries:
                    waiting.discard(record.key or b"")
                    if not waiting:
                        return True
    complain(
        f"it is written to {OPERATOR.name}, but the dispatcher did not take it within "
        f"{ANSWER_WITHIN_S:g} s: it counts as soon as plantstream process --engine dispatch runs"
    )
    return False


async def write_down(broker: Any, acts: Sequence["OperatorRecord"]) -> None:
    """Return once Kafka has them, their entries of the audit trail before them."""
    from sinks.notify.web.publishing import Publisher

    publisher = Publisher(broker, SOURCE)
    try:
        await publisher.publish([_audited(one) for one in acts])
        await publisher.publish([_saying(one) for one in acts])
    finally:
        await publisher.close()


def _saying(act: "OperatorRecord") -> "Saying":
    from schemas.topics import OPERATOR
    from sinks.notify.web.publishing import Saying

    return Saying(
        OPERATOR,
        act.partition_key(),
        act.record_key(),
        lambda event: act.model_copy(update={"id": event}),
    )


def _audited(act: "OperatorRecord") -> "Saying":
    from schemas.topics import AUDIT_ENTRY
    from sinks.notify.web.publishing import Saying

    entry = entry_of(act)
    return Saying(AUDIT_ENTRY, entry.site, entry.id, lambda _: entry)


def entry_of(act: "OperatorRecord") -> "AuditEntry":
    """That somebody said it; the dispatcher's own entry says that it was taken."""
    from schemas.audit import AuditEntry

    envelope = {"id", "version", "run", "plant_version", "source_time", "ingest_time", "site"}
    said = act.model_dump(mode="json", exclude=envelope | {"by"}, exclude_none=True)
    return AuditEntry(
        id=f"{SOURCE}:{act.statement}",
        site=act.site,
        at=act.source_time,
        actor=act.by,
        action=f"{SOURCE}.{said['type']}",
        subject=next(
            (
                said[name]
                for name in ("fingerprint", "silence", "schedule", "batch")
                if name in said
            ),
            act.statement,
        ),
        after=said,
        reason=said.get("comment") or said.get("reason"),
    )
