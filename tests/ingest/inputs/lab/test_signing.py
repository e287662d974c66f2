"""Signing at the laboratory interface: what is answered, sealed, refused and recorded."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
from httpx2 import Response

from ingest.inputs.lab import signing
from ingest.inputs.lab.judge import Author, judged
from ingest.inputs.lab.statements import RefusedError, from_json
from plantstream.runtime import clock
from plantstream.runtime.people.attempts import MOST_FAILURES
from plantstream.runtime.people.factors import hashed
from plantstream.runtime.people.file import FILE, PeopleFile, Person
from plantstream.runtime.signing_key import SEALING, public_file, verifying_key
from schemas.plant.load import load_plant
from schemas.signature import Signature, content_digest
from schemas.topics import AUDIT_ENTRY, LAB
from tests.ingest.inputs.lab.conftest import NOW, TESTS, Edge, Laboratory, result
from tests.ingest.kit import PLANT
from tests.parts import eventually

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWORD = "a long pass phrase"
CONTENT = {
    "type": "disposition",
    "time": "2026-03-01T06:00:00Z",
    "product": "P1",
    "batch": "B-1",
    "decision": "release",
}
STEP = {
    "type": "deviation_action",
    "time": "2026-03-01T06:00:00Z",
    "product": "P1",
    "deviation": "|acme/town|P1|deviation|x",
    "reason": "a worn seal",
}


@pytest.fixture(autouse=True)
def ana(laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch) -> Person:
    monkeypatch.setattr(signing, "ATTEMPTS_PER_S", 1000.0)
    person = Person("ana", "Ana Ruiz", ("qa",), hashed(PASSWORD), SECRET, "2026-03-01")
    PeopleFile(laboratory.folder / FILE).add(person)
    return person


def code(later_s: float = 0) -> str:
    return pyotp.TOTP(SECRET).at(clock.now() + timedelta(seconds=later_s))


async def sign(edge: Edge, **changes: Any) -> Response:
    body = {"login": "ana", "password": PASSWORD, "code": code(), "meaning": "released"}
    return await edge.client.post("/v1/sign", json=body | {"content": CONTENT} | changes)


def entries(edge: Edge) -> list[Any]:
    return edge.records(AUDIT_ENTRY.name)


async def test_a_signature_names_person_time_meaning_and_content(
    edge: Edge, laboratory: Laboratory
):
    answer = await sign(edge)

    assert answer.status_code == 201, answer.text
    made = Signature.model_validate(answer.json())
    assert (made.login, made.name, made.roles, made.meaning) == (
        "ana",
        "Ana Ruiz",
        ("qa",),
        "released",
    )
    assert made.content_sha256 == content_digest(CONTENT | {"signature": made})
    assert datetime.fromisoformat(made.local_time).astimezone(UTC) == made.at.replace(microsecond=0)
    public = verifying_key(public_file(laboratory.folder / SEALING))
    assert public.id == made.key
    assert public.verifies(made.seal, made.sealed())
    forged = made.model_copy(update={"meaning": "rejected"})
    assert not public.verifies(made.seal, forged.sealed())


async def test_a_signature_stands_in_the_audit_trail_before_it_is_answered(edge: Edge):
    made = (await sign(edge)).json()

    await eventually(lambda: len(entries(edge)) == 1)
    (entry,) = entries(edge)
    assert (entry.site, entry.actor, entry.action) == ("acme/town", "Ana Ruiz", "sign.made")
    assert entry.subject == made["id"]
    assert entry.after == {
        "meaning": "released",
        "content_sha256": made["content_sha256"],
        "token": "ana.ruiz",
        "login": "ana",
        "roles": ["qa"],
    }


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"login": "eve"}, "unknown", id="nobody"),
        pytest.param({"password": "a wrong pass phrase"}, "password", id="password"),
        pytest.param({"code": "000000"}, "code", id="code"),
    ],
)
async def test_a_refusal_says_little_and_stands_in_the_audit_trail(
    edge: Edge, changes: dict[str, Any], reason: str
):
    answer = await sign(edge, **changes)

    assert answer.status_code == 403
    assert answer.json()["error"] == "not signed: login, password or code do not fit"
    await eventually(lambda: len(entries(edge)) == 1)
    (entry,) = entries(edge)
    assert (entry.action, entry.subject) == ("sign.refused", changes.get("login", "ana"))
    assert entry.after["reason"] == reason
    assert PASSWORD not in entry.model_dump_json()


async def test_a_code_signs_once(edge: Edge):
    given = code()
    assert (await sign(edge, code=given)).status_code == 201

    again = await sign(edge, code=given)

    assert (again.status_code, again.json()["error"]) == (
        403,
        "not signed: this code was used before, wait for the next one",
    )


async def test_a_code_signs_once_also_after_a_restart(laboratory: Laboratory):
    given = code()
    async with laboratory.edge() as edge:
        assert (await sign(edge, code=given)).status_code == 201
    async with laboratory.edge() as edge:
        assert (await sign(edge, code=given)).status_code == 403


async def test_too_many_failures_lock_the_login(edge: Edge):
    codes = [(await sign(edge, code="000000")).status_code for _ in range(MOST_FAILURES)]
    locked = await sign(edge)

    assert codes == [403] * (MOST_FAILURES - 1) + [429]
    assert locked.status_code == 429
    assert int(locked.headers["retry-after"]) > 800
    await eventually(lambda: len(entries(edge)) == MOST_FAILURES + 1)
    assert entries(edge)[-1].after["reason"] == "locked"


async def test_a_token_that_tries_too_often_waits(edge: Edge, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(signing, "ATTEMPTS_PER_S", 0.001)
    await sign(edge, code="000000")

    answer = await sign(edge)

    assert answer.status_code == 429
    assert "tries too often" in answer.json()["error"]


async def test_without_a_token_nobody_signs(edge: Edge):
    edge.client.headers.pop("authorization")

    assert (await sign(edge)).status_code == 401


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"meaning": ""}, "meaning", id="no meaning"),
        pytest.param({"content": {}}, "content", id="nothing"),
        pytest.param({"content": [1]}, "content", id="no object"),
        pytest.param({"more": 1}, "more", id="unknown"),
    ],
)
async def test_what_cannot_be_signed_is_told(edge: Edge, changes: dict[str, Any], field: str):
    answer = await sign(edge, **changes)

    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["mistakes"]] == [field]
    assert PASSWORD not in answer.text


async def test_what_was_signed_is_stated_with_its_signature(edge: Edge):
    made = (await sign(edge)).json()

    answer = await edge.post(CONTENT | {"id": "d-1", "signature": made})

    assert answer.status_code == 202, answer.text
    (record,) = await edge.published(LAB.name, 1)
    assert record.signature == Signature.model_validate(made)
    assert content_digest(record.signed_content()) == made["content_sha256"]


async def test_a_signature_holds_however_the_same_is_written(edge: Edge):
    correction = {"corrects": "r-1", "revision": 2, "reason": "typing error"}
    found = result(value="<0.5", comparator=None, test="lead", unit="mg/l", **correction)
    made = (await sign(edge, content=found)).json()
    otherwise = found | {"value": 0.5, "comparator": "<", "retest": False, "signature": made}

    assert (await edge.post(otherwise)).status_code == 202


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"decision": "reject"}, id="another decision"),
        pytest.param({"batch": "B-2"}, id="another batch"),
        pytest.param({"time": "2026-03-01T06:00:01Z"}, id="another time"),
        pytest.param({"reason": "all passed"}, id="a reason that was not signed"),
    ],
)
async def test_a_signature_fits_nothing_else(edge: Edge, changes: dict[str, Any]):
    made = (await sign(edge)).json()

    answer = await edge.post(CONTENT | {"signature": made} | changes)

    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["mistakes"]] == ["signature.content_sha256"]


async def test_what_cannot_be_stated_is_not_signed(edge: Edge):
    answer = await sign(edge, content=CONTENT | {"product": "P9"})

    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["mistakes"]] == ["content.product"]


async def test_other_contents_are_signed_as_they_are(edge: Edge):
    content = {"type": "procedure", "number": 7}
    made = (await sign(edge, content=content)).json()

    assert made["content_sha256"] == content_digest(content)


async def test_a_step_of_a_deviation_is_stated(edge: Edge):
    answer = await edge.post(STEP | {"action": "investigate"})

    assert answer.status_code == 202, answer.text
    (record,) = await edge.published(LAB.name, 1)
    assert (record.action, record.by) == ("investigate", "ana.ruiz")


KEYED = """
quality:
  signatures:
    keys: [MCowBQYDK2VwAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=]
    disposition: {}
    closing: {}
"""


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        pytest.param(CONTENT, ["signature"], id="a disposition"),
        pytest.param(STEP | {"action": "close"}, ["signature"], id="the end of a deviation"),
        pytest.param(STEP | {"action": "capa"}, [], id="another step"),
    ],
)
def test_where_a_signature_is_required_nothing_is_taken_without(
    said: dict[str, Any], fields: list[str]
):
    file = load_plant(PLANT + TESTS + KEYED, "plant.yaml").plant
    try:
        judged(from_json(json.dumps(said).encode()), file, Author("lims", "s"), NOW)
        found = []
    except RefusedError as error:
        found = [one.field for one in error.mistakes]
    assert found == fields
