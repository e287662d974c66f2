"""The HTTP interface over a real socket: answered once it is on disk, counted once."""

import asyncio
import json
import socket
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import HealthCheck, given, settings, strategies as st

from ingest.inputs.lab.bodies import MAX_BATCH_BYTES, MAX_BATCH_EVENTS, MAX_EVENT_BYTES
from ingest.inputs.lab.input import LabInput
from ingest.inputs.lab.statements import FIELDS, SAID
from ingest.inputs.lab.tokens import FILE, lab_tokens
from ingest.memory_spool import MemorySpool
from ingest.ports import Batch
from plantstream.runtime.errors import MisconfiguredError, UnavailableError
from schemas.plant.lab_source import LabHttp, LabSource
from schemas.plant.load import load_plant
from schemas.topics import LAB, MACHINE, MODEL, OPERATOR
from tests.ingest.inputs.lab.conftest import AGO, NOW, Edge, Laboratory, plant, result
from tests.ingest.kit import REACTOR
from tests.parts import eventually

SAMPLE = Path(__file__).parents[4] / "ingest/inputs/lab/sample.yaml"
SOON = (NOW + timedelta(hours=2)).isoformat()


def event(name: str, /, **fields: Any) -> dict[str, Any]:
    return {"type": name, "time": AGO, **fields}


def of_reactor(name: str, /, **fields: Any) -> dict[str, Any]:
    return event(name, equipment="reactor", **fields)


async def test_a_result_is_a_record_of_its_product(edge: Edge):
    answer = await edge.post(result(value="<0.05", test="lead", unit="mg/l", batch="B-1"))

    assert answer.status_code == 202
    (record,) = await edge.published(LAB.name, 1)
    assert record.statement == answer.json()["statement"]
    assert (record.site, record.product, record.test) == ("acme/town", "P1", "lead")
    assert (record.number, record.comparator, record.unit) == (0.05, "<", "mg/l")
    assert (record.by, record.batch, record.revision) == ("ana.ruiz", "B-1", 1)


@pytest.mark.parametrize(
    ("body", "topic", "key"),
    [
        pytest.param(result(), LAB, "acme/town/P1", id="a result"),
        pytest.param(
            result(revision=2, corrects="abc", reason="wrong dilution"),
            LAB,
            "acme/town/P1",
            id="a correction of what only the stream knows",
        ),
        pytest.param(result(test="look", unit=None, value="clear"), LAB, "acme/town/P1", id="text"),
        pytest.param(
            result(product="P2", test="any", unit="%"), LAB, "acme/town/P2", id="any test"
        ),
        pytest.param(
            event("disposition", product="P1", batch="B", decision="release"),
            LAB,
            "acme/town/P1",
            id="a disposition",
        ),
        pytest.param(
            of_reactor("stop_reason_given", reason="JAM"), MACHINE, REACTOR, id="a stop's reason"
        ),
        pytest.param(
            of_reactor("parts_reported", good=-3, scrap=3, reason="SCRATCH"),
            MACHINE,
            REACTOR,
            id="scrap found later",
        ),
        pytest.param(
            of_reactor("andon_raised", andon="A", priority="critical", kind="material"),
            MACHINE,
            REACTOR,
            id="andon",
        ),
        pytest.param(of_reactor("andon_cleared", andon="A"), MACHINE, REACTOR, id="andon over"),
        pytest.param(
            of_reactor("maintenance_started", planned=True), MACHINE, REACTOR, id="maintenance"
        ),
        pytest.param(of_reactor("maintenance_ended"), MACHINE, REACTOR, id="maintenance over"),
        pytest.param(
            event("batch_started", equipment=REACTOR, batch="B"),
            MACHINE,
            REACTOR,
            id="a batch, with the whole path",
        ),
        pytest.param(of_reactor("batch_ended", batch="B"), MACHINE, REACTOR, id="a batch ends"),
        pytest.param(
            event("acknowledgement", fingerprint="f"), OPERATOR, "acme/town", id="acknowledged"
        ),
        pytest.param(
            event(
                "silence",
                matchers=[{"name": "equipment", "value": "reactor"}],
                starts_at=AGO,
                ends_at=SOON,
                comment="new seal",
            ),
            OPERATOR,
            "acme/town",
            id="a silence ahead",
        ),
    ],
)
async def test_everything_that_may_be_stated_has_its_topic(
    edge: Edge, body: dict[str, Any], topic: Any, key: str
):
    answer = await edge.post(body)

    assert answer.status_code == 202, answer.text
    (record,) = await edge.published(topic.name, 1)
    assert (record.type, record.partition_key()) == (body["type"], key)
    assert (record.by, record.statement) == ("ana.ruiz", answer.json()["statement"])
    assert record.id.seq == 0


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        pytest.param(result(unit="mg/l"), "unit", "ph of P1 is reported in pH", id="a unit"),
        pytest.param(result(unit=None), "unit", "reported in pH", id="no unit"),
        pytest.param(result(product="P11"), "product", "did you mean P1?", id="a product"),
        pytest.param(result(test="pH"), "test", "no test 'pH'; did you mean ph?", id="a test"),
        pytest.param(result(value="acid"), "value", "ph is a number", id="a text for a number"),
        pytest.param(result(value="6,5"), "value", "with a point", id="a decimal comma"),
        pytest.param(result(value=1.797e308), "value", "at most 1e+150", id="a huge number"),
        pytest.param(result(value="-2e150"), "value", "at most 1e+150", id="a huge text"),
        pytest.param(
            result(product="P2", test="any", value=1e200), "value", "at most 1e+150", id="any test"
        ),
        pytest.param(result(value=True), "value", "a number or a text", id="neither"),
        pytest.param(
            result(test="look", unit=None, value=5), "value", "look is a text", id="a number"
        ),
        pytest.param(
            result(value="<5", comparator=">"), "comparator", "contradicts", id="two comparators"
        ),
        pytest.param(result(tme=AGO), "tme", "did you mean time?", id="an unknown field"),
        pytest.param(result(time=SOON), "time", "in the future", id="a time ahead"),
        pytest.param(result(sample_time=SOON), "sample_time", "in the future", id="a sample"),
        pytest.param(result(time=AGO[:19]), "time", "has no zone", id="a time without a zone"),
        pytest.param(result(time="20260302"), "time", "write a time as", id="a short date"),
        pytest.param(
            result(time=1_700_000_000), "time", "valid datetime", id="a number of seconds"
        ),
        pytest.param(result(revision=2), "", "corrects and a revision", id="half a correction"),
        pytest.param(
            result(revision=2, corrects="a"), "reason", "needs a reason", id="an unexplained one"
        ),
        pytest.param(
            event("batch_ended", equipment="reacto", batch="B"),
            "equipment",
            "no equipment 'reacto'; did you mean reactor?",
            id="equipment",
        ),
        pytest.param(
            event("batch_ended", equipment="acme/town/hall/line-2/reactor", batch="B"),
            "equipment",
            "no equipment",
            id="equipment elsewhere",
        ),
        pytest.param(
            of_reactor("parts_reported", reason="x"), "good", "are all 0", id="no parts at all"
        ),
        pytest.param(
            of_reactor("stop_reason_given", reason="x", end=AGO), "", "start", id="half a stop"
        ),
        pytest.param(
            event(
                "silence",
                matchers=[{"name": "equipment", "value": "press (2", "is_regex": True}],
                starts_at=AGO,
                ends_at=SOON,
                comment="new seal",
            ),
            "matchers.0",
            "is no regular expression",
            id="a silence that nothing can meet",
        ),
        pytest.param({"type": "heartbeat"}, "type", "is one of test_result", id="a machine's word"),
        pytest.param({}, "type", "is missing", id="nothing"),
        pytest.param([], "", "object", id="no object"),
    ],
)
async def test_what_the_plant_file_can_tell_is_refused_with_field_and_reason(
    edge: Edge, body: Any, field: str, reason: str
):
    answer = await edge.post(body)

    assert answer.status_code == 422
    (told,) = [one for one in answer.json()["mistakes"] if one["field"] == field]
    assert reason in told["reason"]
    assert edge.records(LAB.name) == []


async def test_every_mistake_is_told_at_once(edge: Edge):
    answer = await edge.post(result(unit="x", product="P1", test="ph", value="no", time=SOON))

    assert {one["field"] for one in answer.json()["mistakes"]} == {"time", "unit", "value"}


@pytest.mark.parametrize("how", ["header", "id"])
async def test_the_same_again_is_answered_as_before_also_after_a_restart(
    laboratory: Laboratory, how: str
):
    headers = {"Idempotency-Key": "k1"} if how == "header" else {}
    body = result(id="k1") if how == "id" else result()
    async with laboratory.edge() as edge:
        first = await edge.post(body, **headers)
        second = await edge.post(body, **headers)
        other = await edge.post(body | {"value": 7.0}, **headers)
        await edge.published(LAB.name, 1)
    async with laboratory.edge() as edge:
        third = await edge.post(body, **headers)
        again = await edge.post(body | {"value": 7.0}, **headers)
        last = await edge.post(result(value=8.0))
        (record,) = await edge.published(LAB.name, 1)

    assert [one.status_code for one in (first, second, third, last)] == [202] * 4
    assert first.json() == second.json() == third.json() != last.json()
    assert [other.status_code, again.status_code] == [409, 409]
    assert (record.number, record.id.seq) == (8.0, 1)


async def test_the_same_key_of_somebody_else_is_another_key(laboratory: Laboratory):
    ben = lab_tokens(laboratory.folder / FILE).add("ben", NOW)
    async with laboratory.edge() as edge:
        mine = await edge.post(result(id="k"))
        his = await edge.post(result(id="k", value=1.0), Authorization=f"Bearer {ben}")

        assert [mine.status_code, his.status_code] == [202, 202]
        assert {one.by for one in await edge.published(LAB.name, 2)} == {"ana.ruiz", "ben"}


async def test_the_same_key_at_the_same_time_is_stored_once(edge: Edge):
    answers = await asyncio.gather(*(edge.post(result(id="k")) for _ in range(50)))

    assert {one.status_code for one in answers} == {202}
    assert len({one.json()["statement"] for one in answers}) == 1
    await edge.post(result(id="last"))
    assert len(await edge.published(LAB.name, 2)) == 2


async def test_a_batch_is_stored_as_a_whole(edge: Edge):
    good = [result(value=float(number)) for number in range(20)]

    bad = await edge.post([*good, result(unit="x")], "/batch")
    taken = await edge.post(good, "/batch", **{"Idempotency-Key": "b1"})
    again = await edge.post(good, "/batch", **{"Idempotency-Key": "b1"})
    part = await edge.post(good[:5], "/batch", **{"Idempotency-Key": "b1"})

    assert bad.status_code == 422
    assert [(one["event"], one["field"]) for one in bad.json()["mistakes"]] == [(20, "unit")]
    assert (taken.status_code, again.status_code, part.status_code) == (202, 202, 409)
    assert taken.json() == again.json()
    found = await edge.published(LAB.name, 20)
    assert [one.number for one in found] == [float(number) for number in range(20)]
    assert [one.statement for one in found] == taken.json()["statements"]


async def test_of_a_batch_only_what_is_new_is_stored(edge: Edge):
    await edge.post(result(id="a"))

    mixed = await edge.post([result(id="a"), result(id="b"), result(id="b")], "/batch")
    wrong = await edge.post([result(id="c"), result(id="a", value=1.0)], "/batch")

    assert mixed.status_code == 202
    assert (wrong.status_code, wrong.json()["mistakes"][0]["event"]) == (409, 1)
    await edge.post(result(id="last"))
    assert len(await edge.published(LAB.name, 3)) == 3


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        pytest.param("", b"{", 400, id="no JSON"),
        pytest.param("", b'{"a": NaN}', 400, id="not a number"),
        pytest.param("", b"1" * 5000, 400, id="a number too long"),
        pytest.param("", b"[" * 100_000, 400, id="nested too deep"),
        pytest.param("", b'"' + b"x" * MAX_EVENT_BYTES + b'"', 413, id="an event too large"),
        pytest.param("/batch", b" " * (MAX_BATCH_BYTES + 1), 413, id="a batch too large"),
        pytest.param("/batch", b"{}", 400, id="no array"),
        pytest.param("/batch", b"[]", 400, id="an empty batch"),
        pytest.param("/batch", b"[" + b"1," * MAX_BATCH_EVENTS + b"1]", 400, id="too many events"),
    ],
)
async def test_bodies_that_cannot_be(edge: Edge, path: str, body: bytes, status: int):
    answer = await edge.client.post(f"/v1/events{path}", content=body)

    assert answer.status_code == status
    assert answer.json()["error"]


async def test_a_body_without_a_length_is_limited_too(edge: Edge):
    async def endless():
        for _ in range(40):
            yield b" " * 65_536

    answer = await edge.client.post("/v1/events", content=endless())

    assert answer.status_code == 413


@pytest.mark.parametrize("sent", ["", "Bearer", "Bearer wrong", "Basic YTpi", "Bearer \xff"])
async def test_nobody_says_anything_without_a_token(edge: Edge, sent: str):
    answer = await edge.client.post(
        "/v1/events", json=result(), headers={b"Authorization": sent.encode("latin-1")}
    )

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_token_that_is_removed_is_worthless_at_once(laboratory: Laboratory, edge: Edge):
    before = await edge.post(result())
    lab_tokens(laboratory.folder / FILE).remove("ana.ruiz")

    assert (before.status_code, (await edge.post(result())).status_code) == (202, 401)


async def test_who_comes_too_often_is_told_when_to_come_again(laboratory: Laboratory):
    async with laboratory.edge({"http": {"port": 0, "requests_per_s": 0.5}}) as edge:
        answers = [await edge.post(result()) for _ in range(3)]

    assert [one.status_code for one in answers] == [202, 429, 429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 5


class FullSpool(MemorySpool):
    """A disk without room, until there is some."""

    full = False

    async def append(self, batch: Batch) -> None:
        if self.full:
            raise UnavailableError("no room")
        await super().append(batch)


async def test_while_the_disk_is_full_nobody_is_told_that_it_is_stored(laboratory: Laboratory):
    spool = FullSpool()
    laboratory.answer_within_s = 0.3
    async with laboratory.edge(spool=spool) as edge:
        spool.full = True
        refused = await edge.post(result(id="k"))
        assert spool.memory.keys() <= {"seen"}
        spool.full = False
        await edge.published(LAB.name, 1)
        answer = await edge.post(result(id="k"))
        await edge.post(result(id="last"))

        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) >= 1
        assert answer.status_code == 202
        assert len(await edge.published(LAB.name, 2)) == 2


async def test_a_thousand_at_once_are_all_stored_once(edge: Edge):
    async def say(number: int) -> int:
        return (await edge.post(result(id=f"n{number}", value=float(number)))).status_code

    answers = await asyncio.gather(*(say(number) for number in range(1000)))

    assert set(answers) == {202}
    found = await edge.published(LAB.name, 1000)
    assert sorted(one.number for one in found) == [float(number) for number in range(1000)]
    assert [one.id.seq for one in found] == list(range(1000))


async def test_who_goes_away_before_the_answer_takes_nothing_back(edge: Edge):
    host, port = edge.input.address or ("", 0)
    body = json.dumps(result(id="gone")).encode()
    token = edge.client.headers["authorization"]
    head = f"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n"
    _, writer = await asyncio.open_connection(host, port)
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    await writer.drain()
    writer.transport.abort()

    await edge.published(LAB.name, 1)
    assert (await edge.post(result(id="gone"))).status_code == 202
    assert len(edge.records(LAB.name)) == 1


async def test_over_tls_only_where_a_certificate_is_given(laboratory: Laboratory, tmp_path: Path):
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    laboratory.trusted = ssl.create_default_context()
    authority.configure_trust(laboratory.trusted)
    files = {"certificate": str(tmp_path / "cert.pem"), "private_key": str(tmp_path / "key.pem")}

    async with laboratory.edge({"http": {"port": 0, **files}}) as edge:
        assert (await edge.post(result())).status_code == 202


async def test_what_only_a_person_can_mend_is_told(laboratory: Laboratory):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for http, said in (
            (LabHttp(port=0, certificate="no", private_key="no"), "certificate no or private_key"),
            (LabHttp(port=taken.getsockname()[1]), "choose another `port`"),
        ):
            source = LabSource(type="lab", http=http)
            made = LabInput("lab", source, plant(), laboratory.folder)
            with pytest.raises(MisconfiguredError, match=said):
                _ = [chunk async for chunk in made.chunks(None)]


async def test_the_interface_tells_what_it_takes_without_the_internet(edge: Edge):
    document = (await edge.client.get("/openapi.json")).json()
    shown = (await edge.client.get("/")).text

    one = document["paths"]["/v1/events"]["post"]
    assert {"202", "400", "401", "409", "413", "422", "429", "503"} <= one["responses"].keys()
    mapping = document["components"]["schemas"]["Event"]["discriminator"]["mapping"]
    assert mapping.keys() == SAID.keys()
    for name, reference in mapping.items():
        assert reference.rpartition("/")[2] in document["components"]["schemas"]
        assert f"<h2>{name}</h2>" in shown
    assert "://" not in shown.replace("ADDRESS", "")


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from([AGO, "P1", "ph", "pH", "reactor", "release", "<1"]),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(), part, max_size=3),
    max_leaves=5,
)
EVENTS = st.builds(
    lambda kind, fields: {"type": kind, "time": AGO, **fields},
    st.sampled_from([*SAID, "none"]),
    st.dictionaries(st.sampled_from(sorted(FIELDS)) | st.text(), VALUES, max_size=8),
)
BODIES = st.binary(max_size=200) | (EVENTS | VALUES).map(lambda body: json.dumps(body).encode())


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(body=BODIES, batch=st.booleans(), key=st.none() | st.text("abc~", max_size=3))
def test_no_body_breaks_the_interface(
    threaded: Any, body: bytes, batch: bool, key: str | None
) -> None:
    headers = {} if key is None else {"Idempotency-Key": key}
    path = "/v1/events/batch" if batch else "/v1/events"

    answer = threaded.post(path, content=body, headers=headers)

    assert answer.status_code in {202, 400, 409, 422}, answer.text
    assert answer.json()


def test_the_sample_is_a_plant_file():
    file = load_plant(SAMPLE.read_text(encoding="utf-8"), "sample.yaml")

    assert isinstance(file.plant.sources["lab"], LabSource)


async def test_the_plant_file_goes_first(edge: Edge):
    await edge.post(result())
    await edge.published(LAB.name, 1)

    assert edge.broker.log[0].topic == MODEL.name


async def test_requests_are_counted_by_their_route(edge: Edge):
    await edge.post(result())
    await edge.post(result(test="hp"))

    def counted(code: str) -> float | None:
        told = {"service": "lab", "route": "/v1/events", "method": "POST", "code": code}
        return edge.registry.get_sample_value("http_requests_total", told)

    await eventually(lambda: (counted("202"), counted("422")) == (1, 1))
