import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition as AioTopicPartition

from plantstream.runtime.ports import Outgoing
from plantstream.runtime.settings import KafkaSettings
from schemas.generate import GENERATED, RELEASED
from schemas.topics import CATALOGUE, MACHINE
from tests.parts import free_port
from tests.plantstream.commands.conftest import Line, Run

pytestmark = pytest.mark.integration

AWAY = 11
"""A partition to which no other test of commands sends."""


@pytest.mark.usefixtures("line")
def test_the_list_says_how_every_topic_is_cut_kept_and_keyed(run: Run):
    ran = run("topics", "list")
    assert ran.code == 0
    assert ran.lines[0].split() == ["name", "partitions", "kept", "partition", "by", "key", "end"]
    assert [row.split()[0] for row in ran.lines[1:]] == [topic.name for topic in CATALOGUE]
    rows = [" ".join(row.split()) for row in ran.lines]
    assert any("12 30 days equipment cell or report id" in row for row in rows)
    assert any("12 newest per key, 90 days group notification|channel" in row for row in rows)


def test_json_has_the_end_of_every_partition(run: Run, line: Line):
    def ends() -> list[int]:
        said = {one["name"]: one for one in run("topics", "list", "--json").json}
        assert said[MACHINE.name]["retention_s"] == 30 * 86_400
        assert said["plant.kpi.latest.v1"]["retention_s"] is None
        return list(said[MACHINE.name]["end_offsets"])

    before = ends()
    line.send([Outgoing(MACHINE.name, 7, b"key", b"{}")])
    after = ends()
    assert len(after) == 12
    assert [new - old for old, new in zip(before, after, strict=True)] == [0] * 7 + [1] + [0] * 4


@pytest.mark.usefixtures("line")
def test_applying_again_changes_nothing(run: Run):
    assert {one["what"] for one in run("topics", "apply", "--json").json} == {"configured"}


def test_without_a_broker_it_is_one_sentence_and_exit_1(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS", f"127.0.0.1:{free_port()}")
    ran = run("topics", "list")
    assert ran.code == 1
    assert "administering at Kafka 127.0.0.1:" in ran.err
    assert "Traceback" not in ran.err


def test_a_setting_that_cannot_be_names_its_variable_and_exits_78(
    run: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PLANTSTREAM_KAFKA_SECURITY_PROTOCOL", "hunter2")
    ran = run("topics", "list")
    assert ran.code == 78
    assert "PLANTSTREAM_KAFKA_SECURITY_PROTOCOL in the environment" in ran.err
    assert "hunter2" not in ran.err


@pytest.mark.usefixtures("line")
def test_lag_says_how_many_records_of_which_partition_wait_and_since_when(run: Run, line: Line):
    def lag() -> dict[str, Any]:
        rows = run("topics", "lag", "plantstream-oee", "--json").json
        (found,) = [
            row for row in rows if row["topic"] == MACHINE.name and row["partition"] == AWAY
        ]
        return dict(found)

    before = lag()
    line.send([Outgoing(MACHINE.name, AWAY, b"key", b"{}")] * 3)
    after = lag()
    assert after["end"] == before["end"] + 3
    assert after["records"] == before["records"] + 3
    assert after["position"] is None
    assert 0 <= after["seconds"] < 60


def test_lag_of_the_sink_is_by_what_the_database_holds(
    run: Run, line: Line, monkeypatch: pytest.MonkeyPatch
):
    line.send([Outgoing(MACHINE.name, AWAY, b"key", b"{}")])
    said = run("topics", "lag", "plantstream-timescale", "--json")
    assert {row["kept in"] for row in said.json} == {"database"}

    monkeypatch.setenv("PLANTSTREAM_DATABASE_PORT", str(free_port()))
    without = run("topics", "lag", "plantstream-timescale", "--json")
    assert {row["kept in"] for row in without.json} == {"kafka"}
    assert "positions as the sink told Kafka: " in without.err


def test_lag_of_a_reader_shrinks_to_nothing_as_it_commits(run: Run, line: Line):
    line.send([Outgoing("plant.kpi.v1", AWAY, b"key", b"{}")] * 2)
    asyncio.run(commit(line.kafka, "ana-report", AioTopicPartition("plant.kpi.v1", AWAY), back=1))
    assert [row["records"] for row in run("topics", "lag", "ana-report", "--json").json] == [1]
    assert "plant.kpi.v1" in run("topics", "lag", "ana-report").out

    asyncio.run(commit(line.kafka, "ana-report", AioTopicPartition("plant.kpi.v1", AWAY), back=0))
    ran = run("topics", "lag", "ana-report")
    assert ran.out == ""
    assert "1 groups: 0 of 1 partitions are behind, by 0 records" in ran.err
    assert " 0.000 " in run("topics", "lag", "ana-report", "--all").out


async def commit(kafka: KafkaSettings, group: str, where: AioTopicPartition, back: int) -> None:
    """As the group's reader: so many records before the end."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka.bootstrap_servers, group_id=group, enable_auto_commit=False
    )
    async with consumer:
        consumer.assign([where])
        ends = await consumer.end_offsets([where])
        await consumer.commit({where: ends[where] - back})


@pytest.mark.usefixtures("line")
def test_a_group_that_is_not_there_is_a_wrong_word_with_a_hint(run: Run):
    ran = run("topics", "lag", "plantstream-oeee")
    assert ran.code == 2
    assert "did you mean plantstream-oee?" in ran.err


def test_the_same_contracts_differ_in_nothing(run: Run):
    ran = run("topics", "diff", GENERATED)
    assert (ran.code, ran.out) == (0, "")
    assert "the same as" in ran.err


def test_diff_names_field_and_change_and_fails_if_readers_would_not_stand_it(
    run: Run, tmp_path: Path
):
    old = tmp_path / "stop.v1.schema.json"
    schema = json.loads((GENERATED / old.name).read_text())
    schema["properties"]["gone"] = {"type": "string"}
    del schema["properties"]["reason"]
    old.write_text(json.dumps(schema))

    ran = run("topics", "diff", old)
    assert ran.code == 1
    assert [" ".join(line.split())[:40] for line in ran.lines[1:]] == [
        "no stop.gone field is gone",
        "yes stop.reason optional field is new: s",
    ]
    assert "2 changes" in ran.err
    said = run("topics", "diff", old, "--json").json
    assert said["compatible"] is False
    assert {one["subject"] for one in said["changes"]} == {"stop.gone", "stop.reason"}


def test_diff_without_words_is_what_changed_since_the_newest_release(run: Run):
    ran = run("topics", "diff", "--json")
    assert ran.code == 0
    assert ran.json["old"] == max(folder.name for folder in RELEASED.iterdir())
    assert ran.json["compatible"]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        pytest.param("v0.1.", "did you mean v0.1.0?", id="a release that is none"),
        pytest.param("pyproject.toml", "holds no contracts", id="a file that is none"),
    ],
)
def test_what_cannot_be_compared_is_said(run: Run, word: str, told: str):
    ran = run("topics", "diff", word)
    assert ran.code == 2
    assert told in " ".join(ran.err.split())


@pytest.mark.usefixtures("line")
def test_a_broker_that_checks_no_rights_is_said(run: Run):
    ran = run("topics", "grant", "ana", "kpi")
    assert ran.code == 78
    assert "checks no rights" in ran.err


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        pytest.param(("ana",), 2, "name topics, or say --all", id="nothing"),
        pytest.param(("ana", "kpi", "--all"), 2, "name topics, or say --all", id="both"),
        pytest.param(("ana", "oee.state"), 2, "no interface", id="a memory"),
        pytest.param(("ana", "kpy"), 2, "did you mean kpi?", id="no topic"),
        pytest.param(("*", "kpi"), 78, "nobody in particular", id="everybody"),
        pytest.param(("plantstream", "kpi"), 78, "is a service's", id="groups of ours"),
    ],
)
def test_rights_that_should_not_be_given_are_refused(
    run: Run, words: tuple[str, ...], code: int, told: str
):
    ran = run("topics", "grant", *words)
    assert ran.code == code
    assert told in " ".join(ran.err.replace("│", " ").split())
