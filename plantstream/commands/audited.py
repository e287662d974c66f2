"""Acts of people that go into the audit trail."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import typer

from plantstream.runtime.errors import MisconfiguredError

if TYPE_CHECKING:
    from plantstream.runtime.ports import Outgoing
    from plantstream.runtime.settings import KafkaSettings
    from schemas.audit import AuditEntry


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts, why and at which site."""

    name: str
    reason: str
    site: str

    def act(
        self,
        action: str,
        subject: str,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
    ) -> "AuditEntry":
        """An entry of now."""
        from plantstream.runtime import clock
        from schemas.audit import AuditEntry

        return AuditEntry(
            id=uuid4().hex,
            site=self.site,
            at=clock.now(),
            actor=self.name,
            action=action,
            subject=subject,
            before=before,
            after=after,
            reason=self.reason,
        )


async def person(kafka: "KafkaSettings", name: str, reason: str, site: str | None) -> Person:
    """The person who acts.

    Raises:
        typer.BadParameter: no name or no reason.
        MisconfiguredError: nobody knows the site.
    """
    for option, text in (("--as", name), ("--reason", reason)):
        if not text.strip():
            raise typer.BadParameter("it is empty, and the audit trail needs it", param_hint=option)
    return Person(name.strip(), reason.strip(), site or await _published_site(kafka))


async def write_entries(kafka: "KafkaSettings", entries: Sequence["AuditEntry"]) -> None:
    """Return once the broker has them all."""
    from plantstream.runtime.kafka.broker import KafkaBroker

    async with KafkaBroker(kafka) as broker:
        await broker.send([outgoing_entry(entry) for entry in entries])


def outgoing_entry(entry: "AuditEntry") -> "Outgoing":
    """The entry as a record of its topic."""
    from plantstream.runtime.ports import Outgoing
    from schemas.codec import encode
    from schemas.partitioning import partition_of
    from schemas.topics import AUDIT_ENTRY

    partition = partition_of(entry.site.encode(), AUDIT_ENTRY.partitions)
    return Outgoing(AUDIT_ENTRY.name, partition, entry.id.encode(), encode(entry))


async def _published_site(kafka: "KafkaSettings") -> str:
    from plantstream.runtime.kafka.whole import read_partitions
    from schemas.codec import UnreadableError, decode
    from schemas.topics import MODEL

    sites = set()
    async for record in read_partitions(kafka, MODEL.name, range(MODEL.partitions)):
        try:
            sites.add(decode(MODEL, record.value).site)
        except UnreadableError:
            continue
    if len(sites) == 1:
        return str(sites.pop())
    known = f"plant files of {', '.join(sorted(sites))}" if sites else "no plant file"
    raise MisconfiguredError(
        f"{MODEL.name} holds {known}, so the site of this act is unknown: "
        "say it with --site ENTERPRISE/SITE"
    )
