"""`plantstream topics rights`: what each of our services may do in Kafka."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from plantstream.commands.console import messages, print_json
from plantstream.commands.options import AS_JSON, DATA_DIR
from plantstream.commands.tables import print_columns

if TYPE_CHECKING:
    from plantstream.runtime.acl import Grant

MONITOR = typer.Option(
    None, help="User who may see how far topics and groups are, and read nothing."
)


def rights(
    monitor: str | None = MONITOR, data_dir: Path | None = DATA_DIR, as_json: bool = AS_JSON
) -> None:
    """Give each service's user, named like its role, the rights that it needs and no others.

    Do it as a user who may alter the cluster; giving a right again changes nothing.
    """
    from plantstream.commands.connection import kafka_settings
    from plantstream.commands.running import run_async
    from plantstream.runtime.acl import allow, grants
    from schemas.topics import Role

    given = [one for role in Role for one in grants(role, role)]
    given += _looking(monitor) if monitor else []
    run_async(allow(kafka_settings(data_dir), given))
    if as_json:
        print_json([_document(one) for one in given])
        return
    users = dict.fromkeys(one.user for one in given)
    print_columns(
        {"user": user, "rights": sum(1 for one in given if one.user == user)} for user in users
    )
    messages.print(f"{len(given)} rights given")


def _looking(user: str) -> "list[Grant]":
    from plantstream.runtime.acl import Grant, Operation, Resource

    looks = frozenset({Operation.DESCRIBE})
    return [Grant(user, resource, "*", looks) for resource in (Resource.TOPIC, Resource.GROUP)]


def _document(one: "Grant") -> dict[str, Any]:
    return {
        "user": one.user,
        "resource": one.resource.name.lower(),
        "name": one.name,
        "prefixed": one.prefixed,
        "operations": [operation.name.lower() for operation in sorted(one.operations)],
    }
