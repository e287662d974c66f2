"""Answers that providers bring: who it is, which alert is meant, and what is said back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.acts import Via
from schemas.alerts import Outcome
from sinks.notify.web.acts import UNACKNOWLEDGE, Author, outcome_of, saying_outcome, statement_of
from sinks.notify.web.board import Standing
from sinks.notify.web.hindsight import Hindsight, hindsight
from sinks.notify.web.moments import Reader, readers_of
from sinks.notify.web.office import Office
from sinks.notify.web.phrases import PHRASES
from sinks.notify.web.refusals import RefusedError
from sinks.notify.web.replies import Reply, answer, help_for, read_reply, sender_of

STALE_AFTER = timedelta(hours=1)
"""A provider that was away brings old answers; they were not about what fires now."""


@dataclass(frozen=True, slots=True)
class Said:
    """A text that somebody sent us."""

    via: Via
    number: str
    text: str
    message: str
    """The provider's id of it: the same message twice is one answer."""
    at: datetime | None = None
    """When it was sent, where the provider says so."""


@dataclass(frozen=True, slots=True)
class Status:
    """What a provider says has become of a message."""

    message: str
    """As the provider knows it."""
    outcome: Outcome
    detail: str


async def take(office: Office, said: Said) -> str:
    """Do what was asked for; gives what the sender is answered.

    Raises:
        RefusedError: nobody knows the number, the message came before or is old, or Kafka is away.
    """
    office.must_be_complete()
    person = sender_of(office.site, said.number)
    if person is None:
        raise RefusedError(403, "unknown_number", f"an answer from {said.number}, who is nobody's")
    if said.at is not None and office.now() - said.at > STALE_AFTER:
        raise RefusedError(409, "stale", f"an answer of {said.at.isoformat()} came only now")
    statement = statement_of(said.via, said.message)
    if office.board.is_used(statement):
        raise RefusedError(409, "used", "this message came before")
    reader = next(one for one in readers_of(office.site) if one.id == person.id)
    reply = read_reply(said.text)
    if reply is None:
        office.board.use(statement)
        return help_for(office.board.waiting_for(person.id), reader)
    meant = _meant(office, reply, reader, hindsight(said.at, office.now()))
    if meant is None:
        office.board.use(statement)
        return _nothing(office, reply, reader)
    author = Author(person.id, said.via, statement, comment=said.text)
    await office.do(reply.wish, meant, author)
    return answer(reply.wish, meant, reader, office.now())


def not_now(office: Office, number: str, refused: RefusedError) -> str:
    """What somebody is answered of whom nothing can be stored now; it may have been, all the same.

    Raises:
        RefusedError: it was refused for another reason, or the number is nobody's.
    """
    person = sender_of(office.site, number)
    if person is None or refused.reason not in {"not_now", "too_often"}:
        raise refused
    return PHRASES[person.language].answered_not_now


async def delivered(office: Office, channel: str, status: Status, until_s: float) -> bool:
    """Record what became of a message; False if nobody knows the message, or knew it already.

    One that is not known yet is waited for until then, by the monotonic clock.

    Raises:
        RefusedError: Kafka does not take it now.
    """
    outcome = status.outcome
    known = await office.sent(status.message, until_s)
    if known is None or known.channel != channel or known.outcome in {outcome, "delivered"}:
        office.meters.called_back(channel, "known" if known else "unknown_message")
        return False
    changed = outcome_of(known, outcome, status.detail, office.now())
    await office.publish([saying_outcome(changed)])
    office.board.note(changed)
    office.meters.called_back(channel, outcome)
    return True


def _meant(office: Office, reply: Reply, reader: Reader, then: Hindsight) -> Standing | None:
    """The alert that was named, or the newest that this person was told of and may mean."""
    if reply.code is not None:
        named = office.board.by_code(reply.code, reader.id)
        return named if named is not None and named.is_firing else None
    if reply.wish is UNACKNOWLEDGE:
        return office.board.taken_by(reader.id, then)
    return office.board.waiting_for(reader.id, then)


def _nothing(office: Office, reply: Reply, reader: Reader) -> str:
    """Where an answer came too late for what waits now, its author is asked to name it."""
    says = PHRASES[reader.language]
    if reply.code is not None:
        return says.answered_unknown_code.format(code=reply.code)
    waiting = None if reply.wish is UNACKNOWLEDGE else office.board.waiting_for(reader.id)
    return says.answered_nothing if waiting is None else help_for(waiting, reader)
