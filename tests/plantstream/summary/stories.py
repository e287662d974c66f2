"""Rows about a batch, as views give them: short ways to say what is different."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from plantstream.runtime.signing_key import SigningKey
from plantstream.summary.document import Made, summarized
from plantstream.summary.model import Summary
from plantstream.summary.words import Language
from schemas.signature import Signature
from sinks.timescale.batches import BatchRows

BEGAN = datetime(2026, 3, 2, 6, tzinfo=UTC)
SITE, PRODUCT = "acme/north", "CREAM"
REACTOR = f"{SITE}/process/one/reactor"
MADE = Made(datetime(2026, 3, 9, 12, tzinfo=UTC), "1.2.3")


def at(hours: float) -> datetime:
    return BEGAN + timedelta(hours=hours)


def release(**said: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "started_at": at(0),
        "ended_at": at(4),
        "expected": 2,
        "judged": 2,
        "failed": 0,
        "pending": [],
        "overdue": [],
        "failed_tests": [],
        "open_deviations": 0,
        "disposition": None,
        "disposed_at": None,
        "disposed_by": None,
        "plant_version": "v1",
    }
    return fields | said


def result(statement: str = "s1", hours: float = 5, **said: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "test": "ph",
        "sample": "S-1",
        "result": "s1",
        "statement": statement,
        "revision": 1,
        "is_newest": True,
        "tested_at": at(hours),
        "stated_at": at(hours),
        "stated_by": "ana",
        "analyst": None,
        "instrument": None,
        "method": "M-1",
        "value": "6.4",
        "unit": "pH",
        "lower_limit": 5.0,
        "upper_limit": 7.0,
        "accepted_values": [],
        "outcome": "pass",
        "because": "",
        "corrects": None,
        "retest": False,
        "invalid": False,
        "reason": None,
        "answer": "accepted",
        "objections": [],
    }
    return fields | said


def known(kind: str, name: str, hours: float, **said: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "at": at(hours),
        "kind": kind,
        "name": name,
        "state": None,
        "severity": None,
        "test": None,
        "equipment": None,
        "until": None,
        "done_by": None,
        "because": None,
        "accepted": None,
        "id": None,
    }
    return fields | said


MAKING = known("made", "reactor", 0, state="made", equipment=REACTOR, until=at(4))
WRONG = result(value="7.4", outcome="fail", because="above 7", is_newest=False)
RIGHT = result("s2", 6, revision=2, corrects="s1", reason="typing error", stated_by="ben")
MICRO = result(
    *("s3", 5.5),
    test="micro",
    result="s3",
    value="Absent",
    unit="",
    accepted_values=["absent"],
    lower_limit=None,
    upper_limit=None,
)
GONE = known("deviation", "out_of_specification", 5, state="closed", severity="minor", id="d1")
GONE |= {"test": "ph", "because": "above 7", "until": at(9), "done_by": "cai"}
CLOSED = known("deviation step", "close", 9, id="d1", done_by="cai", because="typed by hand")
CLOSED |= {"accepted": True}
HOT = known("alert", "TooHot", 1, state="resolved", severity="critical", equipment=REACTOR)
HOT |= {"until": at(1.5), "because": "96 °C, limit 80 °C", "done_by": "dan"}
DECIDED = known("disposition", "release", 10, done_by="eva", accepted=True, id="s9")
APPROVED: dict[str, Any] = {
    "disposition": "approved",
    "disposed_at": at(10),
    "disposed_by": "eva",
}
KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(b"plantstream" * 2 + b"ten bytes."))
"""Of the edge where people sign."""
UNSEALED = Signature(
    id="sign-1",
    login="eva",
    name="Eva Gil",
    roles=("qa",),
    at=at(10),
    local_time="2026-03-02T10:00:00-06:00",
    time_zone="America/Mexico_City",
    meaning="released",
    content_sha256="0123456789abcdef" * 4,
    key=KEY.verifying.id,
)
SIGNED: dict[str, Any] = {
    "kind": "disposition",
    "statement": "s9",
    "what": "release",
    "signature_id": "sign-1",
    "signed_at": at(10),
    "signed_by": "Eva Gil",
    "login": "eva",
    "roles": ["qa"],
    "signed_local": "2026-03-02T10:00:00-06:00",
    "time_zone": "America/Mexico_City",
    "meaning": "released",
    "content_sha256": "0123456789abcdef" * 4,
    "key": KEY.verifying.id,
    "seal": KEY.sign(UNSEALED.sealed()),
    "answer": "accepted",
}
FIGURES: dict[str, Any] = {
    "equipment": REACTOR,
    "availability": 0.9,
    "effectiveness": 0.8,
    "quality_ratio": 0.99,
    "oee": 0.7128,
    "good": 990,
    "scrap": 10,
    "rework": 0,
    "revision": 1,
}
TAG: dict[str, Any] = {
    "equipment": REACTOR,
    "tag": "heat",
    "unit": "°C",
    "samples": 120,
    "bad_samples": 1,
    "minimum": 60.0,
    "mean": 71.23456789,
    "maximum": 96.0,
    "longest_gap_s": 90.0,
    "lower_limit": 55.0,
    "upper_limit": 80.0,
    "below_s": 0.0,
    "above_s": 1800.0,
    "carried_at": None,
    "carried_value": None,
}
UNCHANGED = TAG | {
    "samples": 0,
    "bad_samples": 0,
    "minimum": 85.0,
    "mean": 85.0,
    "maximum": 85.0,
    "longest_gap_s": 14_400.0,
    "above_s": 14_400.0,
    "carried_at": at(-1),
    "carried_value": 85.0,
}
"""It tells changes only, and was 85 °C from an hour before the batch to its end."""
ROWS = BatchRows(
    site=SITE,
    product=PRODUCT,
    batch="B-1",
    run="",
    release=release(**APPROVED),
    results=(WRONG, RIGHT, MICRO),
    known=(MAKING, HOT, GONE, CLOSED, DECIDED),
    reports=(FIGURES | {"oee": 0.7, "good": 970, "revision": 0},),
    figures=(FIGURES,),
    critical=(TAG,),
    gaps=({"equipment": REACTOR, "start": at(2), "end": at(2.5), "reason": "connection lost"},),
    signatures=(SIGNED,),
    seal_keys=(),
    file={
        "plant_version": "v1",
        "time_zone": "America/Mexico_City",
        "products": [
            {"id": "CREAM", "name": "Hand cream", "tests": [{"id": "ph", "name": "Acidity"}]}
        ],
    },
    audit_head={"number": 42, "hash": "f" * 64, "at": at(10)},
)
"""A batch that was released; its pH was mistyped and corrected, and the reactor too hot."""
WAITING = replace(
    ROWS,
    release=release(),
    results=(RIGHT | {"result": "s2"}, MICRO),
    known=(MAKING,),
    signatures=(),
)
"""A batch of which nothing is to be said but that it can be released."""


def told(rows: BatchRows = ROWS, language: Language = "en", **changes: Any) -> Summary:
    """The summary of these rows, with some of them changed."""
    return summarized(replace(rows, **changes), MADE, language, [KEY.verifying])
