"""A laboratory on a running line: what is stated is signed, judged, and answered."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pyotp
import pytest
import pytest_asyncio

from ingest.inputs.lab.tokens import FILE as TOKENS, lab_tokens
from plantstream.embedded.checks import port_is_free
from plantstream.runtime import clock
from plantstream.runtime.people.factors import hashed
from plantstream.runtime.people.file import FILE as PEOPLE, PeopleFile, Person
from plantstream.runtime.signing_key import SEALING, signing_key
from tests.integration.line import Line
from tests.parts import eventually, free_port

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="session"),
]

ANSWER_WITHIN_S = 5.0
SECRET, PASSWORD = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "a long pass phrase"
PLANT = """
enterprise: acme
site: answered
name: A plant with a laboratory
time_zone: UTC
calendars:
  always: {{shifts: [{{name: day, start: "00:00", end: "24:00"}}]}}
sources:
  lab: {{type: lab, http: {{port: {port}}}}}
equipment:
  - {{id: reactor, area: hall, line: one, calendar: always}}
products:
  - {{id: P1, tests: [{{id: ph, unit: pH}}]}}
specifications:
  - {{products: [P1], test: ph, from: 2026-01-01, unit: pH, limits: {{lower: 5, upper: 7}}}}
quality:
  unknown_batch: accept
  signatures: {{keys: [{key}], disposition: {{meanings: [released], roles: [qa]}}}}
"""


@dataclass
class Laboratory:
    """The interface, as a client of one token sees it."""

    client: httpx2.AsyncClient

    async def state(self, **said: Any) -> str:
        """The id of what was taken."""
        answer = await self.client.post("/v1/events", json={"product": "P1", **said})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["statement"])

    async def answer(self, statement: str) -> tuple[str, list[str], float]:
        """What the stream says of it, with fields, and after how many seconds."""
        begun = time.monotonic()
        async with asyncio.timeout(60):
            while (found := await self._asked(statement)).status_code != 200:  # noqa: ASYNC110 - HTTP
                await asyncio.sleep(0.05)
        told = found.json()
        fields = [one["field"] for one in told["objections"]]
        return told["answer"], fields, time.monotonic() - begun

    async def _asked(self, statement: str) -> httpx2.Response:
        return await self.client.get(f"/v1/events/{statement}")

    async def signed(self, content: dict[str, Any]) -> dict[str, Any]:
        """The content with the signature of Ana Ruiz."""
        shown = {"login": "ana", "password": PASSWORD, "code": pyotp.TOTP(SECRET).at(clock.now())}
        body = {**shown, "meaning": "released", "content": content}
        answer = await self.client.post("/v1/sign", json=body)
        assert answer.status_code == 201, answer.text
        return content | {"signature": answer.json()}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def laboratory(
    line: Line, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Laboratory]:
    home = tmp_path_factory.mktemp("edge")
    key = signing_key(home / SEALING).verifying.pem().decode().splitlines()[1]
    token = lab_tokens(home / TOKENS).add("terminal", clock.now())
    person = Person("ana", "Ana Ruiz", ("qa",), hashed(PASSWORD), SECRET, "2026-03-01")
    PeopleFile(home / PEOPLE).add(person)
    port, metrics = free_port(), free_port()
    plant = home / "laboratory.yaml"
    plant.write_text(PLANT.format(port=port, key=key))
    where = {
        "PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS": line.kafka.bootstrap_servers,
        "PLANTSTREAM_DATA_DIR": str(home),
    }
    at_line = Line(line.data_dir, line.kafka, line.database, where)
    edge = await at_line.start("ingest", "--plant", plant, "--port", str(metrics), port=metrics)
    try:
        await edge.ready()
        await eventually(lambda: not port_is_free(port))
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as one:
            made = Laboratory(one)
            first = await made.state(type="test_result", time=now(), test="ph", value=6, unit="pH")
            assert (await made.answer(first))[0] == "accepted"
            yield made
    finally:
        await edge.stop()


def now() -> str:
    return clock.now().isoformat()


async def test_a_refusal_is_told_within_five_seconds(laboratory: Laboratory):
    found = {"type": "test_result", "time": now(), "test": "ph", "value": 6.5, "unit": "pH"}
    correction = {"corrects": "0" * 32, "revision": 2, "reason": "typing error"}
    statement = await laboratory.state(**found, **correction)

    answer, fields, took_s = await laboratory.answer(statement)

    assert (answer, fields) == ("refused", ["corrects"])
    assert took_s < ANSWER_WITHIN_S


async def test_a_batch_is_released_by_a_signature_and_by_no_other_means(laboratory: Laboratory):
    found = {"type": "test_result", "time": now(), "test": "ph", "value": 6.5, "unit": "pH"}
    statement = await laboratory.state(**found, batch="B-1", analyst="Eva Gil")
    assert (await laboratory.answer(statement))[0] == "accepted"
    content = {"type": "disposition", "time": now(), "product": "P1", "batch": "B-1"}
    content |= {"decision": "release"}

    unsigned = await laboratory.client.post("/v1/events", json=content)
    assert unsigned.status_code == 422
    assert [one["field"] for one in unsigned.json()["mistakes"]] == ["signature"]

    signed = await laboratory.signed(content)
    statement = await laboratory.state(**signed)
    answer, fields, took_s = await laboratory.answer(statement)
    assert (answer, fields) == ("accepted", [])
    assert took_s < ANSWER_WITHIN_S

    again = await laboratory.state(**signed)
    assert (await laboratory.answer(again))[:2] == ("refused", ["signature.id"])
