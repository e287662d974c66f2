"""The consumer groups of a cluster: those of our services, what they read, and those of others."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plantstream.runtime.settings import KafkaSettings
    from schemas.topics import Topic

Reads = tuple["Sequence[Topic]", str]
"""The topics of a group, and the command that starts a worker of it."""


def known_groups() -> dict[str, Reads]:
    """Groups that every installation has."""
    from plantstream.commands.sink import GROUP
    from processors.service import WIRINGS
    from processors.streams.faust_feed import group_of
    from sinks.registry import TOPICS

    engines = {
        group_of(name): (wiring.make().inputs, f"plantstream process --engine {name}")
        for name, wiring in WIRINGS.items()
    }
    return {**engines, GROUP: (TOPICS, "plantstream sink")}


async def notifiers(kafka: "KafkaSettings") -> dict[str, Reads]:
    """Each site that ever had a notifier has a group of its own."""
    from plantstream.runtime.acl import GROUPS
    from plantstream.runtime.kafka.survey import group_names
    from schemas.topics import NOTIFICATION, Role

    names = [name for name in await group_names(kafka) if name.startswith(GROUPS[Role.NOTIFIER])]
    return {name: ([NOTIFICATION], "plantstream notify --site ENTERPRISE/SITE") for name in names}
