import pytest

from plantstream.runtime.ports import Outgoing
from schemas.topics import CATALOGUE, MACHINE
from tests.parts import free_port
from tests.plantstream.commands.conftest import Line, Run

pytestmark = pytest.mark.integration


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
