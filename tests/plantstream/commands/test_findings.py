import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from plantstream.commands.doctor_database import (
    Server,
    clock_finding,
    migrations_finding,
    positions_finding,
    timescale_finding,
)
from plantstream.commands.doctor_kafka import cluster_findings, group_finding
from plantstream.commands.doctor_machine import disk_finding
from plantstream.commands.findings import Finding, Status, ok, within_limit
from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.kafka.survey import GroupState, Survey, TopicState
from plantstream.runtime.settings import KafkaSettings
from schemas.topics import CATALOGUE, KPI, Profile
from sinks.timescale.migrate import FileStatus
from tests.makers import MONDAY
from tests.sinks.timescale.fit import FIT

GIB = 1024**3
KEPT = {"offsets.retention.minutes": str(90 * 24 * 60)}


def healthy(profile: Profile = "embedded") -> Survey:
    replication = 1 if profile == "embedded" else 3
    topics = {
        topic.name: TopicState(
            topic.partitions,
            replication,
            leaderless=0,
            out_of_sync=0,
            configuration=topic.configuration(profile),
        )
        for topic in CATALOGUE
    }
    return Survey("the-cluster", {1: KEPT}, topics, {})


def with_kpi(survey: Survey, **changed: Any) -> Survey:
    return replace(
        survey, topics={**survey.topics, KPI.name: replace(survey.topics[KPI.name], **changed)}
    )


def configured(survey: Survey, **changed: str) -> Survey:
    known = survey.topics[KPI.name].configuration
    fields = {name.replace("_", "."): value for name, value in changed.items()}
    return with_kpi(survey, configuration={**known, **fields})


def found(survey: Survey, profile: Profile = "embedded") -> list[Finding]:
    return cluster_findings(survey, KafkaSettings(profile=profile), "")


def faults(survey: Survey, profile: Profile = "embedded") -> list[str]:
    return [f"{one.status} {one.what}" for one in found(survey, profile) if one.status != "ok"]


@pytest.mark.parametrize("profile", ["embedded", "production"])
def test_a_healthy_cluster_has_no_faults(profile: Profile):
    assert faults(healthy(profile), profile) == []


@pytest.mark.parametrize(
    ("survey", "said"),
    [
        pytest.param(
            replace(healthy(), topics={k: v for k, v in healthy().topics.items() if k != KPI.name}),
            "fail is missing",
            id="a topic is missing",
        ),
        pytest.param(
            with_kpi(healthy(), partitions=6),
            "fail has 6 partitions, the catalogue says 12",
            id="another number of partitions",
        ),
        pytest.param(
            configured(healthy(), retention_ms="1"),
            "fail retention.ms is 1, the catalogue says 2592000000",
            id="kept too short",
        ),
        pytest.param(
            configured(healthy(), cleanup_policy="compact"),
            "fail cleanup.policy is compact, the catalogue says delete",
            id="compacted",
        ),
        pytest.param(
            configured(healthy(), message_timestamp_type="CreateTime"),
            "fail message.timestamp.type is CreateTime, the catalogue says LogAppendTime",
            id="stamped by producers",
        ),
        pytest.param(
            with_kpi(healthy(), leaderless=2), "fail 2 partitions have no leader", id="no leader"
        ),
        pytest.param(
            with_kpi(healthy(), out_of_sync=2), "warn 2 partitions lack a replica", id="behind"
        ),
        pytest.param(
            with_kpi(healthy(), configuration={}),
            "warn its configuration may not be read",
            id="no right to read the configuration",
        ),
        pytest.param(
            replace(healthy(), brokers={1: KEPT, 2: {"offsets.retention.minutes": "10080"}}),
            "fail offsets of an idle group are forgotten after 7 days",
            id="one broker forgets offsets",
        ),
        pytest.param(
            replace(healthy(), brokers={1: {}}), "warn may not be read", id="no right to see it"
        ),
    ],
)
def test_each_fault_of_a_cluster_is_one_line(survey: Survey, said: str):
    assert faults(survey) == [said]


def test_every_fault_says_what_to_do():
    wrong = configured(with_kpi(healthy(), partitions=6, leaderless=1), retention_ms="1")
    wrong = replace(wrong, brokers={1: {"offsets.retention.minutes": "1"}})
    assert all(one.advice for one in found(wrong) if one.status != "ok")


@pytest.mark.parametrize(
    ("survey", "profile", "status", "said"),
    [
        pytest.param(
            healthy(), "embedded", "ok", "survives a killed process, but neither a lost disk nor",
            id="one copy",
        ),
        pytest.param(
            healthy("production"), "production", "ok", "survives the loss of one broker",
            id="three copies, two acknowledged",
        ),
        pytest.param(
            configured(healthy("production"), min_insync_replicas="1"), "production", "fail",
            "neither a lost disk", id="three copies, one acknowledged",
        ),
        pytest.param(
            with_kpi(healthy("production"), replication=1), "production", "fail",
            "neither a lost disk", id="the weakest topic counts",
        ),
    ],
)  # fmt: skip
def test_what_an_acknowledged_event_survives(
    survey: Survey, profile: Profile, status: str, said: str
):
    (durability,) = [one for one in found(survey, profile) if one.subject == "durability"]
    assert durability.status == status
    assert said in durability.what


@pytest.mark.parametrize(
    ("members", "waiting", "status", "said"),
    [
        pytest.param(1, 0, "ok", "idle: everything is read, 1 worker", id="idle"),
        pytest.param(2, 9, "ok", "working: 9 records wait, 2 workers", id="at work"),
        pytest.param(0, 0, "ok", "idle: no worker, and nothing to read", id="nobody needed"),
        pytest.param(0, 9, "warn", "9 records wait, and nobody reads them", id="nobody there"),
    ],
)
def test_idle_is_not_degraded(members: int, waiting: int, status: str, said: str):
    finding = group_finding("g", GroupState("Stable", members, {}), waiting, "plantstream sink")
    assert (finding.status, finding.what) == (status, said)


SERVER = Server("17.5", MONDAY, 0.0, takes_writes=True, facts=FIT)


@pytest.mark.parametrize(
    ("server", "status", "said"),
    [
        pytest.param(SERVER, "ok", "2.23.0, Community edition", id="community"),
        pytest.param(
            replace(SERVER, facts=replace(FIT, timescale=None)), "warn", "not installed", id="plain"
        ),
    ],
)
def test_which_timescaledb_it_is(server: Server, status: str, said: str):
    finding = timescale_finding(server)
    assert finding.status == status
    assert said in finding.what


@pytest.mark.parametrize(
    ("apart_s", "status"),
    [
        pytest.param(0.1, "ok", id="together"),
        pytest.param(-90.0, "warn", id="behind"),
        pytest.param(90.0, "warn", id="ahead"),
    ],
)
def test_clocks_that_are_apart_are_a_warning(apart_s: float, status: str):
    assert clock_finding(replace(SERVER, apart_s=apart_s)).status == status


FILES = [FileStatus("001.sql", MONDAY), FileStatus("001.timescale.sql", None)]


def test_plain_postgresql_needs_no_migrations_of_timescaledb():
    assert migrations_finding(FILES, plain=True).status == "ok"
    missing = migrations_finding(FILES, plain=False)
    assert (missing.status, missing.what) == ("fail", "missing: 001.timescale.sql")


def test_positions_of_another_cluster_say_how_to_accept_the_loss():
    rows = [{"topic": KPI.name, "partition": 3, "cluster_id": "old"}]
    assert positions_finding(rows, "old").status == "ok"
    lost = positions_finding(rows, "new")
    assert lost.status == "fail"
    assert lost.advice.endswith("plantstream db accept-loss plant.kpi.v1 3")


@pytest.mark.parametrize(
    ("free", "status"),
    [
        pytest.param(GIB // 2, "fail", id="full"),
        pytest.param(2 * GIB, "warn", id="nearly full"),
        pytest.param(50 * GIB, "ok", id="roomy"),
    ],
)
def test_room_on_the_disk(tmp_path: Path, free: int, status: str):
    assert disk_finding(tmp_path / "not" / "yet", free).status == status


async def test_who_does_not_answer_in_time_has_failed():
    async def silent() -> list[Finding]:
        await asyncio.sleep(timedelta(days=1).total_seconds())
        return [ok("never", "said")]

    (late,) = await within_limit("kafka", silent(), "start it", limit_s=0.01)
    assert late == Finding(Status.FAIL, "kafka", "no answer within 0.01 s", "start it")


async def test_an_error_is_a_finding_with_what_to_do():
    async def refused() -> list[Finding]:
        raise UnavailableError("nobody there")

    assert await within_limit("kafka", refused(), "start it") == [
        Finding(Status.FAIL, "kafka", "nobody there", "start it")
    ]
