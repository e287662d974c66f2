"""What people do: acknowledge, take it back, snooze, silence, take over on call."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from processors.dispatch.hands import renew_hands
from processors.dispatch.lifecycle import refresh, refresh_all
from processors.dispatch.records import act_audited, answered, handled
from processors.dispatch.rows import Early
from processors.dispatch.state import KEPT, Alert, Answer, KnownSilence, Taking, remembered_until
from processors.dispatch.work import Work
from schemas.acts import (
    Acknowledgement,
    OnCallTaken,
    OperatorRecord,
    Silence,
    SilenceExpired,
    Snooze,
    Unacknowledgement,
)

MOST_NONCES = 20
MOST_EARLY = 20
"""Acts on one alert that wait until it is heard of."""
OfAlert = Acknowledgement | Unacknowledgement | Snooze
_ASKED_AGAIN = "it is asked about again"


def act(work: Work, said: OperatorRecord) -> None:
    """Do what somebody said; a repetition changes nothing."""
    match said:
        case Acknowledgement() | Unacknowledgement() | Snooze():
            _act_on_alert(work, said)
        case Silence():
            _silence(work, said)
        case SilenceExpired():
            _expire(work, said)
        case OnCallTaken():
            _take_over(work, said)
        case _:
            pass


def act_early(work: Work, alert: Alert) -> None:
    """Do what was said of an alert before anything was heard of it."""
    fingerprint = alert.alert.fingerprint
    waiting = work.desk.early.get(fingerprint)
    if waiting is not None:
        work.put_early(fingerprint, None)
        for said in waiting:
            _act_on_alert(work, said)


def alert_due(work: Work, name: str, at: datetime) -> None:
    """A snooze has run out, an acknowledgement is asked about, or an alert is long over."""
    alert = work.desk.alerts.get(name)
    if alert is None:
        return
    if not alert.is_firing:
        work.forget_alert(alert)
        return
    snoozed, acknowledged = alert.snoozed, alert.acknowledged
    if snoozed is not None and snoozed.until is not None and snoozed.until <= at:
        handled(work, alert, "snoozed", at, holds=False, because="it has run out")
        alert = replace(alert, snoozed=None)
        refresh(work, alert, at, urgent=True)
    if acknowledged is not None and acknowledged.until is not None and acknowledged.until <= at:
        handled(work, alert, "acknowledged", at, holds=False, because=_ASKED_AGAIN)
        alert = replace(alert, acknowledged=None, asked=acknowledged.by)
        refresh(work, alert, at, "reminder", urgent=True)


def silence_due(work: Work, name: str, at: datetime) -> None:
    """A silence begins, ends, or is forgotten."""
    known = work.desk.silences.get(name)
    if known is None:
        return
    if known.silence is None or (not known.is_on and known.silence.ends_at <= at):
        work.desk.silences.drop(name)
        work.desk.write("silence", name, None)
    elif known.is_on:
        _end(work, known, at)
    else:
        _begin(work, known, at)


def early_due(work: Work, fingerprint: str, at: datetime) -> None:
    """Nothing was heard of the alert that these acts were about."""
    del at
    work.put_early(fingerprint, None)


def _act_on_alert(work: Work, said: OfAlert) -> None:
    alert = _meant(work, said)
    after = {"via": getattr(said, "via", None), "until": _text(getattr(said, "until", None))}
    if alert is None:
        act_audited(work, said, said.fingerprint, after)
        _wait(work, said)
        return
    act_audited(work, said, alert.id, after)
    order, nonce = (said.source_time, said.statement), getattr(said, "nonce", None)
    is_used = nonce is not None and nonce in alert.nonces
    if is_used or (alert.acted is not None and order <= alert.acted):
        return
    nonces = alert.nonces if nonce is None else (*alert.nonces, nonce)[-MOST_NONCES:]
    alert = replace(alert, acted=order, nonces=nonces)
    if alert.alert.state == "resolved" or said.source_time < alert.risen_at:
        work.put_alert(alert)
    else:
        _answer(work, alert, said)


def _answer(work: Work, alert: Alert, said: OfAlert) -> None:
    at, because = said.source_time, said.comment or ""
    match said:
        case Acknowledgement():
            asked_after = work.plan.alerts.acknowledged_for
            until = at + asked_after if asked_after > timedelta() else None
            answer = Answer(said.by, at, until, said.statement)
            answered(work, alert, "acknowledged", answer, because)
            refresh(work, replace(alert, acknowledged=answer), at)
        case Snooze():
            answer = Answer(said.by, at, said.until, said.statement)
            if said.until > at:
                answered(work, alert, "snoozed", answer, because)
                refresh(work, replace(alert, snoozed=answer), at)
        case Unacknowledgement():
            answer = Answer(said.by, at, None, said.statement)
            answered(work, alert, "unacknowledged", answer, because)
            free = replace(alert, acknowledged=None, snoozed=None)
            refresh(work, free, at, urgent=True)


def _meant(work: Work, said: OfAlert) -> Alert | None:
    """The alert that an act is about: the one it names, or the newest of its labels."""
    newest = work.desk.alerts.get(work.desk.newest.get(said.fingerprint) or "")
    starts_at = getattr(said, "starts_at", None)
    if newest is None or starts_at is None or newest.alert.starts_at == starts_at:
        return newest
    name = "|".join((said.run, said.fingerprint, starts_at.isoformat()))
    return work.desk.alerts.get(name)


def _wait(work: Work, said: OfAlert) -> None:
    known: Early = work.desk.early.get(said.fingerprint) or ()
    if any(one.statement == said.statement for one in known):
        return
    work.put_early(said.fingerprint, (*known, said)[-MOST_EARLY:])


def _silence(work: Work, said: Silence) -> None:
    matchers: list[Any] = [one.model_dump() for one in said.matchers]
    until = {"starts_at": _text(said.starts_at), "ends_at": _text(said.ends_at)}
    act_audited(work, said, said.statement, {"matchers": matchers, **until})
    known = work.desk.silences.get(said.statement)
    if known is not None and known.silence is not None:
        return
    at = said.source_time
    if known is not None and known.expired_at is not None:
        work.put_silence(replace(known, silence=said, due=remembered_until(said.ends_at)))
        return
    found = KnownSilence(said.statement, said, due=max(said.starts_at, at))
    if said.ends_at <= at:
        work.put_silence(replace(found, due=at + KEPT))
    else:
        work.put_silence(found)


def _expire(work: Work, said: SilenceExpired) -> None:
    act_audited(work, said, said.silence, {})
    at = said.source_time
    known = work.desk.silences.get(said.silence)
    if known is None:
        work.put_silence(KnownSilence(said.silence, expired_at=at, due=at + KEPT))
        return
    if known.expired_at is not None or known.silence is None:
        return
    ended = replace(known, expired_at=at)
    if known.is_on:
        _end(work, ended, at)
    else:
        work.put_silence(replace(ended, due=remembered_until(known.silence.ends_at)))


def _begin(work: Work, known: KnownSilence, at: datetime) -> None:
    if known.silence is None or known.expired_at is not None:
        return
    work.put_silence(replace(known, is_on=True, due=known.silence.ends_at))
    work.desk.index.watch(known)
    refresh_all(work, _near(work, known.silence), at)


def _end(work: Work, known: KnownSilence, at: datetime) -> None:
    if known.silence is None:
        return
    until = remembered_until(max(at, known.silence.ends_at))
    work.put_silence(replace(known, is_on=False, due=until))
    work.desk.index.forget(known)
    refresh_all(work, _near(work, known.silence), at)


def _near(work: Work, silence: Silence) -> list[str]:
    found = work.desk.index.alerts_near(silence.matchers)
    return sorted(work.desk.alerts) if found is None else found


def _take_over(work: Work, said: OnCallTaken) -> None:
    span = {"starts_at": _text(said.starts_at), "ends_at": _text(said.ends_at)}
    act_audited(work, said, said.schedule, {"person": said.person, **span})
    if said.statement in work.desk.takings:
        return
    at = said.source_time
    for old in list(work.desk.takings.values()):
        if remembered_until(old.end) < at:
            work.drop_taking(old)
    taking = Taking(said.statement, said.schedule, said.person, at, said.starts_at, said.ends_at)
    work.put_taking(taking)
    renew_hands(work, at, {said.schedule})


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
