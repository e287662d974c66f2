"""Bad input, through the edge's HTTP interface and the engine: refused with field and reason to
whoever sent it, written to the trail, and nothing that was said is lost."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest

from ingest.inputs.lab import signing
from plantstream.runtime import clock
from plantstream.runtime.people.factors import hashed
from plantstream.runtime.people.file import FILE, PeopleFile, Person
from plantstream.runtime.signing_key import SEALING, is_sealed, signing_key
from processors.quality.engine import QualityEngine
from processors.step import Output
from schemas.audit import AuditEntry
from schemas.lab import BatchMade
from schemas.plant.load import PlantFile, load_plant
from schemas.quality import LabAnswer
from schemas.topics import AUDIT_ENTRY, LAB
from tests.ingest.inputs.lab import conftest
from tests.ingest.inputs.lab.conftest import AGO, NOW, Edge, Laboratory, result
from tests.ingest.kit import PLANT

SECRET, PASSWORD = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "a long pass phrase"
QUALITY = """
specifications:
  - {{products: [P1], test: ph, from: 2020-01-01, unit: pH, limits: {{lower: 5, upper: 7}},
     sampling: {{per_batch: 1}}, release_by: [qa]}}
  - {{products: [P1], test: lead, from: 2020-01-01, unit: mg/l, limits: {{upper: 1}}}}
quality:
  signatures: {{keys: [{key}], disposition: {{meanings: [released], roles: [qa]}}}}
"""
SOON = (NOW + timedelta(hours=1)).isoformat()
CORRECTION = {"revision": 2, "corrects": "a" * 32}
RELEASE = {"type": "disposition", "time": AGO, "product": "P1", "batch": "B-1"}
RELEASE |= {"decision": "release"}
HOLD = RELEASE | {"decision": "hold"}


@dataclass
class Works:
    """An edge, and the quality engine that is told what the edge published."""

    edge: Edge
    plant: PlantFile
    engine: QualityEngine = field(default_factory=lambda: QualityEngine(verifies=is_sealed))
    state: Any = None
    outputs: list[Output] = field(default_factory=list)
    heard: int = 0

    async def told(self, body: dict[str, Any]) -> str:
        """The statement that was taken, once the engine has heard of it and waited."""
        answer = await self.edge.post(body)
        assert answer.status_code == 202, answer.text
        records = await self.edge.published(LAB.name, self.heard + 1)
        self.hear(*records[self.heard :])
        self.heard = len(records)
        self._keep(self.engine.tick(self.state, clock.now() + timedelta(seconds=10), self.plant))
        return str(answer.json()["statement"])

    def hear(self, *events: Any) -> None:
        state = self.state or self.engine.load(f"|{events[0].partition_key()}", {})
        self._keep(self.engine.advance(state, events, self.plant))

    def _keep(self, transition: Any) -> None:
        self.state = transition.state
        self.outputs += transition.outputs

    def found(self, kind: type[Any]) -> list[Any]:
        return [one.record for one in self.outputs if isinstance(one.record, kind)]

    def answer(self, statement: str) -> LabAnswer:
        found: list[LabAnswer] = [
            one for one in self.found(LabAnswer) if one.statement == statement
        ]
        return found[-1]

    async def signed(self, content: dict[str, Any], login: str = "ana") -> dict[str, Any]:
        """The content with a signature, each time with another code."""
        code = pyotp.TOTP(SECRET).at(clock.now())
        shown = {"login": login, "password": PASSWORD, "code": code, "meaning": "released"}
        answer = await self.edge.client.post("/v1/sign", json=shown | {"content": content})
        assert answer.status_code == 201, answer.text
        return content | {"signature": answer.json()}


@pytest.fixture(scope="module")
def password() -> str:
    """The hash of everybody's, which takes its time."""
    return hashed(PASSWORD)


@pytest.fixture
async def works(
    laboratory: Laboratory, password: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Works]:
    """With a batch that was made, and two people: one of quality, one of production."""
    laboratory.folder.mkdir(exist_ok=True)
    key = signing_key(laboratory.folder / SEALING).verifying.pem().decode().splitlines()[1]
    file = load_plant(PLANT + conftest.TESTS + QUALITY.format(key=key), "plant.yaml")
    monkeypatch.setattr(conftest, "plant", lambda: file)
    monkeypatch.setattr(signing, "ATTEMPTS_PER_S", 1000.0)
    for login, role in (("ana", "qa"), ("ben", "production")):
        person = Person(login, login.title(), (role,), password, SECRET, "2026-03-01")
        PeopleFile(laboratory.folder / FILE).add(person)
    async with laboratory.edge() as edge:
        made = Works(edge, file)
        site = file.plant.site_path()
        begin = datetime(2026, 1, 1, tzinfo=UTC)
        made.hear(
            BatchMade(
                plant_version=file.version,
                site=site,
                product="P1",
                equipment=f"{site}/hall/line/reactor",
                batch="B-1",
                start=begin,
                end=begin + timedelta(hours=1),
            )
        )
        yield made


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        pytest.param(result(product="P9"), "product", "no product 'P9'", id="unknown product"),
        pytest.param(result(test="mass"), "test", "no test 'mass'", id="unknown test"),
        pytest.param(result(unit="%"), "unit", "reported in pH", id="unknown unit"),
        pytest.param(result(time=SOON), "time", "in the future", id="in the future"),
        pytest.param(
            result(**CORRECTION), "reason", "needs a reason", id="a correction without a reason"
        ),
        pytest.param(RELEASE, "signature", "is missing", id="a signature that is missing"),
    ],
)
async def test_what_the_edge_can_tell_is_refused_at_once(
    works: Works, body: dict[str, Any], field: str, reason: str
):
    answer = await works.edge.post(body)

    assert answer.status_code == 422
    (told,) = [one for one in answer.json()["mistakes"] if one["field"] == field]
    assert reason in told["reason"]
    (entry,) = await works.edge.published(AUDIT_ENTRY.name, 1)
    assert (entry.actor, entry.action) == ("ana.ruiz", "lab.refused")
    assert f"{field}: {told['reason']}" in entry.reason
    assert entry.after["refused"] == 1
    assert [json.loads(one) for one in entry.after["said"]] == [body]
    assert works.edge.records(LAB.name) == []


async def test_a_signature_over_something_that_changed_since_is_refused_at_once(works: Works):
    body = await works.signed(HOLD) | {"batch": "B-2"}

    answer = await works.edge.post(body)

    assert answer.status_code == 422
    (told,) = answer.json()["mistakes"]
    assert told["field"] == "signature.content_sha256"
    made, refused = await works.edge.published(AUDIT_ENTRY.name, 2)
    assert (made.action, refused.action) == ("sign.made", "lab.refused")
    assert json.loads(refused.after["said"][0]) == body


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"code": "000000"}, "do not fit", id="a wrong code"),
        pytest.param({"password": "another long phrase"}, "do not fit", id="a wrong password"),
        pytest.param({"login": "eva"}, "do not fit", id="an unknown login"),
    ],
)
async def test_who_cannot_prove_to_be_somebody_signs_nothing(
    works: Works, changes: dict[str, Any], reason: str
):
    shown = {"login": "ana", "password": PASSWORD, "code": pyotp.TOTP(SECRET).at(clock.now())}
    body = shown | {"meaning": "released", "content": HOLD} | changes

    answer = await works.edge.client.post("/v1/sign", json=body)

    assert answer.status_code == 403
    assert reason in answer.json()["error"]
    (entry,) = await works.edge.published(AUDIT_ENTRY.name, 1)
    assert (entry.action, entry.subject) == ("sign.refused", body["login"])
    assert entry.after["reason"]


async def test_a_code_that_was_used_signs_nothing_more(works: Works):
    code = pyotp.TOTP(SECRET).at(clock.now())
    body = {"login": "ana", "password": PASSWORD, "code": code, "meaning": "released"}
    await works.edge.client.post("/v1/sign", json=body | {"content": HOLD})

    answer = await works.edge.client.post("/v1/sign", json=body | {"content": RELEASE})

    assert answer.status_code == 403
    assert "used before" in answer.json()["error"]
    _, entry = await works.edge.published(AUDIT_ENTRY.name, 2)
    assert (entry.action, entry.after["reason"]) == ("sign.refused", "code_used")


async def twice(works: Works) -> str:
    await works.told(result(batch="B-1"))
    return await works.told(result(batch="B-1", value=6.6))


async def of_nothing(works: Works) -> str:
    return await works.told(result(batch="B-1", reason="typing error", **CORRECTION))


async def unknown_batch(works: Works) -> str:
    return await works.told(result(batch="B-9"))


async def pending(works: Works) -> str:
    return await works.told(await works.signed(RELEASE))


async def without_right(works: Works) -> str:
    return await works.told(await works.signed(HOLD, login="ben"))


async def reused(works: Works) -> str:
    body = await works.signed(HOLD)
    await works.told(body)
    return await works.told(body | {"id": "again"})


async def forged(works: Works) -> str:
    body = await works.signed(HOLD)
    return await works.told(body | {"signature": body["signature"] | {"name": "Eva Gil"}})


@pytest.mark.parametrize(
    ("state", "field", "reason"),
    [
        pytest.param(twice, "value", "another value was stated", id="twice, differently"),
        pytest.param(of_nothing, "corrects", "no result", id="a correction of nothing"),
        pytest.param(unknown_batch, "batch", "no equipment has begun", id="an unknown batch"),
        pytest.param(pending, "batch", "tests are pending: ph", id="a release too early"),
        pytest.param(without_right, "signature.roles", "needs qa", id="without the right"),
        pytest.param(reused, "signature.id", "signed", id="a signature that was used"),
        pytest.param(forged, "signature.seal", "changed after", id="a forged signature"),
    ],
)
async def test_what_only_the_stream_knows_is_refused_and_kept(
    works: Works, state: Any, field: str, reason: str
):
    statement = await state(works)

    answer = works.answer(statement)

    assert answer.answer == "refused"
    (told,) = [one for one in answer.objections if one.field == field]
    assert reason in told.reason
    (entry,) = [one for one in works.found(AuditEntry) if one.subject == f"P1: {statement}"]
    assert (entry.action, entry.actor) == ("refused", answer.by)
    assert f"{field}: {told.reason}" in entry.reason
    assert statement in [one.statement for one in works.edge.records(LAB.name)]
    assert any(statement.encode() in row for row in works.engine.dump(works.state).values())
