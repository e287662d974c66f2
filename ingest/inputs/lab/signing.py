"""Signatures: password and code for a content, an entry in the audit trail either way."""

import asyncio
import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from ingest.input import Stated
from ingest.inputs.lab.answers import AnswerError, later
from ingest.inputs.lab.bodies import read_document
from ingest.inputs.lab.desk import Desk, Group, Item
from ingest.inputs.lab.judge import signed_content
from ingest.inputs.lab.statements import SIGNED, Mistake, RefusedError, from_json
from plantstream.runtime import clock
from plantstream.runtime.errors import MisconfiguredError, UnavailableError
from plantstream.runtime.people import door
from plantstream.runtime.people.door import Door, NotLetInError, Shown
from plantstream.runtime.people.file import FILE, PeopleFile, Person
from plantstream.runtime.rate import Bucket, draw
from plantstream.runtime.signing_key import SEALING, SigningKey, signing_key
from schemas.audit import AuditEntry
from schemas.plant.model import Plant
from schemas.signature import Signature, content_digest
from schemas.topics import AUDIT_ENTRY

ATTEMPTS_PER_S = 0.5
"""Of one token, in the long run."""
ANSWER_WITHIN_S = 10.0
MOST_WAITING = 20
"""Attempts; each takes a tenth of a second."""
_REFUSED = "not signed: login, password or code do not fit"
_USED = "not signed: this code was used before, wait for the next one"
_Text = Annotated[str, Field(min_length=1, max_length=200)]


class SignRequest(BaseModel):
    """What is sent to be signed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    login: Annotated[str, Field(min_length=1, max_length=100)]
    password: SecretStr
    code: Annotated[str, Field(min_length=6, max_length=8)]
    meaning: _Text
    content: dict[str, Any] = Field(min_length=1)


@dataclass(slots=True)
class Signing:
    """What signatures are made with."""

    plant: Plant
    door: Door
    key_file: Path
    source: str
    _key: SigningKey | None = None
    _buckets: dict[str, Bucket] = field(default_factory=dict)
    _waiting: int = 0
    _thread: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="signing")
    )

    @classmethod
    def of(cls, plant: Plant, data_dir: Path, source: str) -> "Signing":
        """That of an edge; nothing is opened before somebody signs."""
        entrance = Door(PeopleFile(data_dir / FILE), data_dir / door.FILE)
        return cls(plant, entrance, data_dir / SEALING, source)

    def draw(self, by: str) -> None:
        """Take one attempt of this token.

        Raises:
            AnswerError: it comes too often, or too many wait.
        """
        self._buckets[by], wait_s = draw(self._buckets.get(by), clock.monotonic(), ATTEMPTS_PER_S)
        if wait_s:
            raise later("not signed: this token tries too often", 429, wait_s)
        if self._waiting >= MOST_WAITING:
            raise later("not signed: too many are signing now")

    async def enter(self, shown: Shown, now: datetime) -> tuple[Person, SigningKey]:
        """Who it is; see `Door.enter` for what it raises."""

        def entered() -> tuple[Person, SigningKey]:
            self._key = self._key or signing_key(self.key_file)
            return self.door.enter(shown, now), self._key

        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, entered)
        finally:
            self._waiting -= 1


async def sign(signing: Signing, desk: Desk, request: Request, by: str) -> Signature:
    """The signature, once the audit entry about it is on disk.

    Raises:
        AnswerError: refused, which the audit trail has too; or not possible now.
    """
    signing.draw(by)
    asked = _asked(await read_document(request))
    now = clock.now()
    digest = _digest(asked.content, signing.plant, now)
    told = {"meaning": asked.meaning, "content_sha256": digest, "token": by}
    try:
        shown = Shown(asked.login, asked.password.get_secret_value(), asked.code)
        person, key = await signing.enter(shown, now)
    except NotLetInError as refused:
        reason = {"reason": refused.reason}
        await _record(
            signing, desk, now, ("service:ingest", "sign.refused", asked.login), told | reason
        )
        raise _answer(refused) from None
    except MisconfiguredError as error:
        raise later(str(error)) from error
    signature = _sealed(signing, person, key, (secrets.token_hex(16), asked.meaning, digest, now))
    act = (person.name, "sign.made", signature.id)
    await _record(signing, desk, now, act, told | {"login": person.login, "roles": person.roles})
    return signature


def _asked(document: Any) -> SignRequest:
    try:
        return SignRequest.model_validate(document)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        mistakes = [Mistake(".".join(map(str, one["loc"])), str(one["msg"])) for one in found]
        raise AnswerError(422, "not signed: see the mistakes", ((0, m) for m in mistakes)) from None


def _digest(content: dict[str, Any], plant: Plant, now: datetime) -> str:
    """Of what can be stated, as the engine writes it; of anything else as it is."""
    try:
        if content.get("type") in SIGNED:
            said = from_json(json.dumps(content).encode())
            return content_digest(signed_content(said, plant, now))
        return content_digest(content)
    except RefusedError as error:
        found = [Mistake(f"content.{one.field}", one.reason) for one in error.mistakes]
        raise AnswerError(422, "not signed: see the mistakes", ((0, m) for m in found)) from None
    except ValueError as error:
        raise AnswerError(422, "not signed", [(0, Mistake("content", str(error)))]) from None


def _sealed(
    signing: Signing, person: Person, key: SigningKey, said: tuple[str, str, str, datetime]
) -> Signature:
    name, meaning, digest, now = said
    unsealed = Signature(
        id=name,
        login=person.login,
        name=person.name,
        roles=person.roles,
        at=now,
        local_time=now.astimezone(ZoneInfo(signing.plant.time_zone)).isoformat(timespec="seconds"),
        time_zone=signing.plant.time_zone,
        meaning=meaning,
        content_sha256=digest,
        key=key.verifying.id,
    )
    return unsealed.model_copy(update={"seal": key.sign(unsealed.sealed())})


async def _record(
    signing: Signing, desk: Desk, now: datetime, act: tuple[str, str, str], after: dict[str, Any]
) -> None:
    """Have it in the audit trail: on disk on return.

    Raises:
        AnswerError: it is not there in time; no signature without an entry.
    """
    actor, action, subject = act
    said = {"actor": actor, "action": action, "subject": subject, "after": after}
    site = signing.plant.site_path()
    fields = {"site": site, **said}
    group = Group((Item(Stated(AUDIT_ENTRY.name, site, AuditEntry, now, fields), None),))
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            desk.put(group)
            await asyncio.shield(group.answer)
    except (TimeoutError, UnavailableError) as error:
        raise later(str(error) or "the audit entry is not on disk yet; try again") from None


def _answer(refused: NotLetInError) -> AnswerError:
    if refused.reason == "locked" or refused.wait_s:
        told = "not signed: too many failures, nothing is taken from this login for a while"
        return later(told, 429, refused.wait_s)
    return AnswerError(403, _USED if refused.reason == "code_used" else _REFUSED)
