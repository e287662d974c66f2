"""Signatures where the plant file asks for them: who is taken, and why others are not."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plantstream.runtime.signing_key import SigningKey, is_sealed, signing_key
from processors.quality.turn import Event
from schemas.lab import SignedRecord
from schemas.mistakes import FileError
from schemas.plant.load import PlantFile
from schemas.quality import BatchRelease, Deviation, TestJudged
from schemas.signature import Signature, content_digest
from tests.processors.quality.laboratory import Run, Sayer, at, only, plant

ASKED = """signatures:
    keys: [{key}]
    disposition: {{meanings: [released, rejected], roles: [qa]}}
    correction: {{}}
    closing: {{roles: [qa]}}
"""
Sign = Callable[..., Any]


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return signing_key(tmp_path_factory.mktemp("edge") / "signing.key")


def public(key: SigningKey) -> str:
    return key.verifying.pem().decode().splitlines()[1]


@pytest.fixture(scope="module")
def file(key: SigningKey) -> PlantFile:
    return plant(ph=", release_by: [qa]", settings=ASKED.format(key=public(key)))


@pytest.fixture
def say(file: PlantFile) -> Sayer:
    return Sayer(file)


@pytest.fixture
def run(file: PlantFile, say: Sayer) -> Run:
    started = Run(file, restarts=True, verifies=is_sealed)
    return started.hear(say.made(0, 8), say.result(9, 6.0), say.result(9, "conforms"))


@pytest.fixture
def sign(key: SigningKey) -> Sign:
    def signed(said: SignedRecord, name: str = "s-1", **changes: Any) -> SignedRecord:
        fields = {
            "id": name,
            "login": "ana",
            "name": "Ana Ruiz",
            "roles": ("qa",),
            "at": said.ingest_time,
            "local_time": "2026-03-02T00:00:00-06:00",
            "time_zone": "America/Mexico_City",
            "meaning": "released",
            "content_sha256": content_digest(said.signed_content()),
            "key": key.verifying.id,
        }
        unsealed = Signature.model_validate(fields | changes)
        made = unsealed.model_copy(update={"seal": key.sign(unsealed.sealed())})
        return said.model_copy(update={"signature": made})

    return signed


def tampered(said: SignedRecord, **changes: Any) -> Any:
    """With another signature than was sealed."""
    assert said.signature is not None
    return said.model_copy(update={"signature": said.signature.model_copy(update=changes)})


def fields(run: Run, statement: str) -> list[str]:
    return [field for field, _ in run.objections(statement)]


def test_a_signed_release_stands_by_the_name_and_the_roles_of_who_signed(
    run: Run, say: Sayer, sign: Sign
):
    run.hear(sign(say.decision(20, by="terminal-3")))

    assert run.objections("decision-20") == []
    released = only(run.newest(BatchRelease))
    assert (released.disposition, released.disposed_by) == ("approved", "Ana Ruiz")


def test_without_a_signature_a_disposition_is_refused(run: Run, say: Sayer):
    run.hear(say.decision(20, roles=("qa",)))

    told = "is missing: a disposition has to be signed, see POST /v1/sign"
    assert run.objections("decision-20") == [("signature", told)]
    assert only(run.newest(BatchRelease)).disposition is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"content_sha256": "0" * 64}, "content_sha256", id="another content"),
        pytest.param({"key": "0" * 64}, "key", id="a key that the plant file does not list"),
        pytest.param({"at": at(18.9)}, "at", id="made too long ago"),
        pytest.param({"at": at(20.2)}, "at", id="made afterwards"),
        pytest.param({"meaning": "seen"}, "meaning", id="another meaning"),
        pytest.param({"roles": ("operator",)}, "roles", id="another role"),
    ],
)
def test_a_signature_that_does_not_do_is_refused_with_its_field(
    run: Run, say: Sayer, sign: Sign, changes: dict[str, Any], field: str
):
    run.hear(sign(say.decision(20), **changes))

    assert f"signature.{field}" in fields(run, "decision-20")
    assert only(run.newest(BatchRelease)).disposition is None


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"name": "Eve Gil"}, id="name"),
        pytest.param({"roles": ("qa", "release")}, id="roles"),
        pytest.param({"at": at(19.99)}, id="time"),
        pytest.param({"seal": ""}, id="no seal"),
        pytest.param({"seal": base64.b64encode(bytes(64)).decode()}, id="another seal"),
        pytest.param({"seal": "ñ"}, id="no base64"),
    ],
)
def test_what_is_changed_after_sealing_is_refused(
    run: Run, say: Sayer, sign: Sign, changes: dict[str, Any]
):
    run.hear(tampered(sign(say.decision(20)), **changes))

    assert fields(run, "decision-20")[0] == "signature.seal"


def test_a_signature_cannot_be_put_under_another_decision(run: Run, say: Sayer, sign: Sign):
    signed = sign(say.decision(20))
    run.hear(say.decision(20.1, "reject", reason="spoilt", signature=signed.signature))

    assert fields(run, "decision-20.1") == ["signature.content_sha256"]


def test_a_signature_is_used_once_whatever_comes_first(file: PlantFile, say: Sayer, sign: Sign):
    first = sign(say.decision(20, "hold"))
    later = {"statement": "again", "ingest_time": at(20.5), "id": say.decision(20.5).id}
    again = first.model_copy(update=later)
    events: list[Event] = [say.made(0, 8), first, again]
    for order in (events, events[::-1]):
        run = Run(file, restarts=True, verifies=is_sealed).hear_each(order)
        assert run.objections("decision-20") == []
        assert fields(run, "again") == ["signature.id"]


def test_a_spoilt_copy_does_not_use_a_signature_up(run: Run, say: Sayer, sign: Sign):
    signed = sign(say.decision(20, "hold"))
    run.hear(say.decision(19.9, "reject", reason="none", signature=signed.signature), signed)

    assert run.objections("decision-20") == []


def test_a_correction_needs_a_signature_and_a_first_result_none(run: Run, say: Sayer, sign: Sign):
    first = say.result(10, 6.2, "r", sample="S")
    unsigned = say.correction(11, 6.3, first)
    run.hear(first, unsigned)
    assert fields(run, unsigned.statement) == ["signature"]

    signed = sign(say.correction(12, 6.4, first))
    run.hear(signed)
    assert run.objections(signed.statement) == []
    (found,) = [one for one in run.newest(TestJudged) if one.sample == "S"]
    assert (found.number, found.revision) == (6.4, 2)


def test_who_signed_a_correction_may_not_release_the_batch(run: Run, say: Sayer, sign: Sign):
    first = say.result(10, 6.2, "r", sample="S")
    run.hear(first, sign(say.correction(11, 6.3, first, by="lims"), "s-1"))
    run.hear(sign(say.decision(20, by="terminal-3"), "s-2"))

    assert run.objections("decision-20") == [
        ("by", "Ana Ruiz tested this batch and may not release it")
    ]


def test_a_deviation_is_closed_by_signature_and_its_other_steps_need_none(
    run: Run, say: Sayer, sign: Sign
):
    run.hear(say.result(10, 8.0, "bad", sample="S"))
    named = only(run.newest(Deviation)).deviation
    run.hear(say.action(11, named, "investigate"), say.action(12, named, "capa"))
    run.hear(say.action(13, named, "close"))
    assert fields(run, "close-13") == ["signature"]
    assert only(run.newest(Deviation)).state == "capa"

    run.hear(sign(say.action(14, named, "close", by="terminal-3"), meaning="closed"))
    closed = only(run.newest(Deviation))
    assert (closed.state, closed.by) == ("closed", "Ana Ruiz")


def test_a_bad_signature_is_refused_also_where_none_is_required(run: Run, say: Sayer, sign: Sign):
    run.hear(sign(say.result(10, 6.2, "r", sample="S"), content_sha256="0" * 64))

    assert fields(run, "r") == ["signature.content_sha256"]


def test_a_plant_file_without_keys_looks_at_no_signature_and_believes_no_role(sign: Sign):
    file = plant(ph=", release_by: [qa]")
    say = Sayer(file)
    run = Run(file, verifies=is_sealed)
    run.hear(say.made(0, 8), say.result(9, 6.0), say.result(9, "conforms"))
    run.hear(sign(say.decision(20)))

    assert run.objections("decision-20") == [("by", "may be released by qa only")]


def test_a_signature_counts_by_the_plant_file_under_which_it_was_stated(
    run: Run, say: Sayer, sign: Sign, tmp_path: Path
):
    run.hear(sign(say.decision(20)))
    other = signing_key(tmp_path / "other.key")
    run.plant = plant(
        ph=", release_by: [qa]", settings=ASKED.format(key=public(other)) + "  minimum_results: 2"
    )
    later = Sayer(run.plant, seq=100)
    run.hear(later.result(21, 6.1, sample="S2"))

    assert run.objections("decision-20") == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("abc", id="no base64"),
        pytest.param(base64.b64encode(bytes(44)).decode(), id="another kind"),
        pytest.param("MCowBQYDK2VwAyEA", id="cut off"),
    ],
)
def test_what_is_no_public_key_is_a_mistake_in_the_plant_file(text: str):
    with pytest.raises(FileError, match=r"copy the middle line of signing\.pub"):
        plant(settings=ASKED.format(key=text))
