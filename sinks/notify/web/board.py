"""What is known of alerts, of acts of people and of deliveries, as their topics tell it. Pure."""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from plantstream.runtime.ports import Record, TopicPartition
from schemas.acts import Acknowledgement, OperatorRecord, Snooze, Unacknowledgement
from schemas.alerts import AlertStatus, DeliveryAttempt
from schemas.codec import UnreadableError, decode
from schemas.topics import ALERT_LATEST, BY_NAME, DELIVERY, OPERATOR
from sinks.notify.codes import code_of
from sinks.notify.web.hindsight import Hindsight
from sinks.notify.web.links import alert_digest

TOPICS = (ALERT_LATEST, OPERATOR, DELIVERY)
MOST_STATEMENTS = 200_000
MOST_DELIVERIES = 50_000
MOST_GROUPS = 10_000
MOST_OVER = 10_000
"""Alerts that are over; what fires is kept whatever its number."""
MOST_ACTS = 20_000
"""On alerts of which nothing newer is known."""
ALL = Hindsight()
OfAlert = Acknowledgement | Unacknowledgement | Snooze


@dataclass(frozen=True, slots=True)
class Standing:
    """An alert as it stands, with what somebody said of it that no status tells yet."""

    status: AlertStatus
    act: OfAlert | None = None

    @property
    def is_firing(self) -> bool:
        """Whether it is not over."""
        return self.status.alert.state == "firing"

    @property
    def acknowledged_by(self) -> str | None:
        """Who takes care of it."""
        match self.act:
            case Acknowledgement(by=by):
                return by
            case Unacknowledgement():
                return None
            case _:
                return self.status.acknowledged_by

    @property
    def acknowledged_at(self) -> datetime | None:
        """Since when."""
        match self.act:
            case Acknowledgement(source_time=at):
                return at
            case Unacknowledgement():
                return None
            case _:
                return self.status.acknowledged_at

    def snoozed_until(self, now: datetime) -> datetime | None:
        """Until when it pages nobody, if that is still to come."""
        if isinstance(self.act, Unacknowledgement):
            return None
        until = self.act.until if isinstance(self.act, Snooze) else self.status.snoozed_until
        return until if until is not None and until > now else None

    def told_at(self, recipient: str, then: Hindsight = ALL) -> datetime | None:
        """When this recipient was last told of it, as far as that was known then."""
        told = (one.at for one in self.status.told if one.name == recipient)
        return max(filter(then.covers, told), default=None)

    def is_known(self, channel: str, then: Hindsight) -> bool:
        """Whether it stood then as it does now and was told there, as far as that is known."""
        told = [one.at for one in self.status.told if one.channel == channel]
        return self.is_as_of(then) and (not told or any(map(then.covers, told)))

    def is_as_of(self, then: Hindsight) -> bool:
        """Whether it fired then, and was as severe as it is."""
        return then.covers(self.status.alert.at)

    def was_taken(self, then: Hindsight) -> bool:
        """Whether whoever takes care of it did then."""
        return self.acknowledged_at is not None and then.covers(self.acknowledged_at)


class Board:
    """The newest of each topic. A record that comes twice or late changes nothing.

    Of a site that is named nothing of others counts: they may share a Kafka.
    """

    def __init__(self, site: str | None = None) -> None:
        self._site = site
        self._read: dict[TopicPartition, int] = {}
        self._alerts: dict[str, AlertStatus] = {}
        self._by_digest: dict[bytes, str] = {}
        self._by_code: defaultdict[str, set[str]] = defaultdict(set)
        self._over: OrderedDict[str, None] = OrderedDict()
        self._acts: OrderedDict[str, OfAlert] = OrderedDict()
        self._used: OrderedDict[str, None] = OrderedDict()
        self._sent: OrderedDict[str, DeliveryAttempt] = OrderedDict()
        self._groups: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        self.is_complete = False
        """All that stood in the topics at the start is known."""

    def apply(self, record: Record) -> None:
        """What this record says; bytes that nobody can read are another's to bury."""
        if record.offset < self._read.get(record.source, 0):
            return
        self._read[record.source] = record.offset + 1
        if record.value is None:
            return
        try:
            said = decode(BY_NAME[record.topic], record.value)
        except UnreadableError:
            return
        self.note(said)

    def note(self, said: Any) -> None:
        """Something that stands in a topic now."""
        if self._site not in {None, said.site}:
            return
        match said:
            case AlertStatus(run=""):
                self._stands(said)
            case OperatorRecord():
                self._acted(said)
            case DeliveryAttempt():
                self._delivered(said)
            case _:
                pass

    def by_digest(self, digest: bytes) -> Standing | None:
        """The newest alert of the fingerprint that a link names."""
        name = self._by_digest.get(digest)
        return None if name is None else self.standing(name)

    def by_id(self, alert_id: str) -> Standing | None:
        """The alert of this id, if it is the newest of its fingerprint."""
        _, _, rest = alert_id.partition("|")
        found = self.standing(rest.rpartition("|")[0])
        return found if found and found.status.alert_id() == alert_id else None

    def by_code(self, code: str, recipient: str) -> Standing | None:
        """The alert of this short code; of several one that fires and this recipient knows of."""
        found = [self.standing(one) for one in self._by_code.get(code, ())]
        known = [one for one in found if one is not None]
        return max(known, key=lambda one: _rank(one, recipient), default=None)

    def standing(self, fingerprint: str) -> Standing | None:
        """How the newest alert of a fingerprint stands."""
        status = self._alerts.get(fingerprint)
        if status is None:
            return None
        act = self._acts.get(fingerprint)
        is_news = (
            act is not None
            and act.source_time > status.at
            and getattr(act, "starts_at", None) in {None, status.starts_at}
        )
        return Standing(status, act if is_news else None)

    def waiting_for(self, recipient: str, then: Hindsight = ALL) -> Standing | None:
        """The alert that this recipient knew last then, and that nobody takes care of.

        None if it is that one which has become more severe since.
        """
        known = [
            (at, one)
            for one in self._told(recipient)
            if one.is_firing
            and one.acknowledged_by is None
            and (at := one.told_at(recipient, then)) is not None
        ]
        found = max(known, key=lambda pair: pair[0], default=(None, None))[1]
        return found if found is not None and found.is_as_of(then) else None

    def taken_by(self, recipient: str, then: Hindsight = ALL) -> Standing | None:
        """The alert that this person took care of last then, and still does."""
        names = {name for name, one in self._alerts.items() if one.acknowledged_by == recipient}
        names |= {name for name, act in self._acts.items() if act.by == recipient}
        found = [self.standing(name) for name in names]
        known = [
            (one.acknowledged_at, one)
            for one in found
            if one is not None and one.is_firing and one.acknowledged_by == recipient
        ]
        dated = [(at, one) for at, one in known if at is not None and then.covers(at)]
        return max(dated, key=lambda pair: pair[0], default=(None, None))[1]

    def is_used(self, statement: str) -> bool:
        """Whether this was said before, to this process or another."""
        return statement in self._used

    def use(self, statement: str) -> None:
        """It is said now."""
        _keep(self._used, statement, None, MOST_STATEMENTS)

    def release(self, statement: str) -> None:
        """It may be said again: nobody knows whether it was heard."""
        self._used.pop(statement, None)

    def sent(self, provider_id: str) -> DeliveryAttempt | None:
        """The newest record of the message that a provider knows under this id."""
        return self._sent.get(provider_id)

    def of_group(self, group: str) -> list[Standing]:
        """What fires of a group: what its messages listed, and what pagers were told with it."""
        listed = (self.by_id(one) for one in self._groups.get(group, ()))
        paged = (name for name, one in self._alerts.items() if group in one.paged)
        found = chain(listed, (self.standing(one) for one in paged))
        named = {one.status.fingerprint: one for one in found if one is not None and one.is_firing}
        return list(named.values())

    def __len__(self) -> int:
        return len(self._alerts)

    def _told(self, recipient: str) -> Iterator[Standing]:
        for fingerprint, status in self._alerts.items():
            if any(one.name == recipient for one in status.told):
                found = self.standing(fingerprint)
                if found is not None:
                    yield found

    def _stands(self, status: AlertStatus) -> None:
        before = self._alerts.get(status.fingerprint)
        if before is None or before.starts_at != status.starts_at:
            if before is not None:
                self._unname(before)
            self._by_code[code_of(status.alert_id())].add(status.fingerprint)
        self._alerts[status.fingerprint] = status
        self._by_digest[alert_digest(status.fingerprint)] = status.fingerprint
        act = self._acts.get(status.fingerprint)
        if act is not None and act.source_time <= status.at:
            del self._acts[status.fingerprint]
        self._over.pop(status.fingerprint, None)
        if status.alert.state == "resolved":
            self._over[status.fingerprint] = None
            if len(self._over) > MOST_OVER:
                self._forget(self._over.popitem(last=False)[0])

    def _forget(self, fingerprint: str) -> None:
        self._unname(self._alerts.pop(fingerprint))
        self._by_digest.pop(alert_digest(fingerprint), None)
        self._acts.pop(fingerprint, None)

    def _unname(self, status: AlertStatus) -> None:
        code = code_of(status.alert_id())
        self._by_code[code].discard(status.fingerprint)
        if not self._by_code[code]:
            del self._by_code[code]

    def _acted(self, act: OperatorRecord) -> None:
        self.use(act.statement)
        if not isinstance(act, Acknowledgement | Unacknowledgement | Snooze):
            return
        if isinstance(act, Acknowledgement) and act.nonce is not None:
            self.use(act.nonce)
        known, status = self._acts.get(act.fingerprint), self._alerts.get(act.fingerprint)
        is_newer = known is None or act.source_time >= known.source_time
        if is_newer and (status is None or act.source_time > status.at):
            _keep(self._acts, act.fingerprint, act, MOST_ACTS)

    def _delivered(self, attempt: DeliveryAttempt) -> None:
        if attempt.provider_id is not None:
            _keep(self._sent, attempt.provider_id, attempt, MOST_DELIVERIES)
        known = self._groups.get(attempt.group, ())
        alerts = tuple(_newest((*known, *attempt.alerts)))
        _keep(self._groups, attempt.group, alerts, MOST_GROUPS)


def _rank(standing: Standing, recipient: str) -> tuple[bool, bool, datetime]:
    is_known = standing.told_at(recipient) is not None
    return standing.is_firing, is_known, standing.status.starts_at


def _keep(kept: OrderedDict[str, Any], name: str, value: Any, most: int) -> None:
    kept[name] = value
    kept.move_to_end(name)
    while len(kept) > most:
        kept.popitem(last=False)


def _newest(alerts: Iterable[str], most: int = 1000) -> list[str]:
    return list(dict.fromkeys(alerts))[-most:]
