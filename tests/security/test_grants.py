"""The rights of each role, as the catalogue says them."""

import pytest

from plantstream.runtime.acl import Grant, Operation, Resource, grants, reading
from plantstream.runtime.errors import MisconfiguredError
from processors.audit.engine import AuditEngine
from processors.oee.engine import OeeEngine
from schemas.topics import BY_NAME, CATALOGUE, Role

APPLIES = {Operation.CREATE, Operation.DESCRIBE, Operation.ALTER_CONFIGS}
"""What `topics apply` needs."""


def operations(role: Role, resource: Resource, name: str) -> set[Operation]:
    return {
        operation
        for grant in grants(role, "somebody")
        if grant.resource is resource and grant.name == name
        for operation in grant.operations
    }


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", BY_NAME)
def test_who_writes_and_reads_a_topic_may_and_nobody_else(role: Role, name: str) -> None:
    given = operations(role, Resource.TOPIC, name)
    assert (Operation.WRITE in given) == (role in BY_NAME[name].writers)
    assert (Operation.READ in given) == (role in BY_NAME[name].readers)


@pytest.mark.parametrize(
    ("role", "name", "allowed"),
    [
        pytest.param(Role.EDGE, "plant.kpi.v1", set(), id="the edge knows no KPI"),
        pytest.param(Role.EDGE, "plant.oee.state.v1", set(), id="nor the engine's memory"),
        pytest.param(
            Role.PROCESSOR, "plant.telemetry.v1", {Operation.READ}, id="an engine measures nothing"
        ),
        pytest.param(Role.SINK, "plant.oee.state.v1", set(), id="a memory is no interface"),
        pytest.param(
            Role.SINK, "plant.deadletter.v1", {Operation.READ, Operation.WRITE}, id="a sink buries"
        ),
        pytest.param(
            Role.OPERATOR,
            "plant.machine.v1",
            {Operation.READ, Operation.WRITE, *APPLIES},
            id="an operator replays events",
        ),
        pytest.param(Role.NOTIFIER, "plant.machine.v1", set(), id="a notifier sees no machine"),
        pytest.param(
            Role.NOTIFIER,
            "plant.notification.v1",
            {Operation.READ},
            id="and is told whom to tell",
        ),
        pytest.param(
            Role.NOTIFIER,
            "plant.delivery.v1",
            {Operation.READ, Operation.WRITE},
            id="it remembers what became of each message",
        ),
        pytest.param(
            Role.NOTIFIER,
            "plant.alert.v1",
            {Operation.READ},
            id="it hands on what people answer, and changes no alert",
        ),
        pytest.param(
            Role.PROCESSOR, "plant.delivery.v1", {Operation.READ}, id="an engine sends nothing"
        ),
        pytest.param(
            Role.OPERATOR, "plant.kpi.v1", {Operation.READ, *APPLIES}, id="and writes no KPI"
        ),
    ],
)
def test_sentences_of_the_catalogue(role: Role, name: str, allowed: set[Operation]) -> None:
    assert operations(role, Resource.TOPIC, name) == allowed


def test_only_the_operator_creates_topics() -> None:
    creators = {
        (role, grant.name)
        for role in Role
        for grant in grants(role, "somebody")
        if Operation.CREATE in grant.operations
    }
    assert creators == {(Role.OPERATOR, topic.name) for topic in CATALOGUE}


def test_groups_and_transactions_belong_to_their_service() -> None:
    others = [
        grant
        for role in Role
        for grant in grants(role, role)
        if grant.resource is not Resource.TOPIC
    ]
    reads, looks = frozenset({Operation.READ}), frozenset({Operation.DESCRIBE})
    transact = frozenset({Operation.WRITE, Operation.DESCRIBE})
    names = (OeeEngine().name, "rules", "site", "dispatch", "quality", AuditEngine().name)
    engines = [f"plantstream-{name}" for name in names]
    timescale, notify = "plantstream-timescale", "plantstream-notify"
    metrics = "plantstream-metrics"
    ids = Resource.TRANSACTIONAL_ID
    assert others == [
        *(Grant("processor", Resource.GROUP, name, reads) for name in engines),
        *(Grant("processor", ids, f"{name}-", transact, prefixed=True) for name in engines),
        Grant("sink", Resource.GROUP, timescale, reads),
        Grant("notifier", Resource.GROUP, notify, reads, prefixed=True),
        Grant("exporter", Resource.GROUP, metrics, reads, prefixed=True),
        *(Grant("operator", Resource.GROUP, name, looks) for name in (*engines, timescale)),
        Grant("operator", Resource.GROUP, notify, looks, prefixed=True),
        Grant("operator", Resource.GROUP, metrics, looks, prefixed=True),
        Grant("operator", ids, "plantstream-apply-", transact, prefixed=True),
    ]


@pytest.mark.parametrize("role", Role)
def test_no_right_is_beyond_the_catalogue(role: Role) -> None:
    for grant in grants(role, "somebody"):
        assert grant.user == "somebody"
        assert Operation.ALL not in grant.operations
        assert grant.resource is not Resource.CLUSTER
        assert grant.resource is not Resource.TOPIC or grant.name in BY_NAME


def test_somebody_elses_program_reads_what_it_was_given_in_groups_of_its_own() -> None:
    reads = frozenset({Operation.READ})
    assert reading("ana", [BY_NAME["plant.kpi.v1"]]) == [
        Grant("ana", Resource.TOPIC, "plant.kpi.v1", reads),
        Grant("ana", Resource.GROUP, "ana-", reads, prefixed=True),
    ]


@pytest.mark.parametrize("user", ["plantstream", "plantstream-oee", "*", " ", ""])
def test_a_user_who_would_reach_beyond_its_own_groups_gets_nothing(user: str) -> None:
    with pytest.raises(MisconfiguredError):
        reading(user, CATALOGUE)
