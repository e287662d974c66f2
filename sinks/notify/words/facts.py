"""What a notification says, as plain words of one reader: no markup, nothing escaped."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from babel import Locale

from schemas.alerts import SEVERITIES, AlertTransition, Notification, Severity
from schemas.plant.alerts.rules import Language
from sinks.notify.codes import code_of
from sinks.notify.words.bunches import Bunch, bunches
from sinks.notify.words.local import locale_of, moment, one_line, quantity, term
from sinks.notify.words.phrases import PHRASES, Phrases

REPORT_WITHIN = "24h"
"""Of regulatory alerts whose rule has no label `report_within`: the plant's policy."""
_SHOWN = frozenset({"alertname", "area", "equipment", "regulatory", "report_within", "contact"})

LinkTo = Callable[[AlertTransition, str], str | None]
"""Where a recipient acknowledges an alert; None where there is no such page."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who reads it."""

    language: Language
    time_zone: str
    accents: bool = False
    """Whether SMS keep accents."""


@dataclass(frozen=True, slots=True)
class Place:
    """The plant as messages name it."""

    title: str
    """Begins every message, such as `NINU.MX`."""
    name: str
    """In full, such as `Ninu.mx - Xalapa, Veracruz`."""
    people: Mapping[str, str] = field(default_factory=dict)
    """Names by id."""


def place_of(name: str, people: Mapping[str, str]) -> Place:
    """The place of a plant; what stands before ` - ` in its name begins the messages."""
    return Place(one_line(name.partition(" - ")[0]).upper(), one_line(name), people)


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """One alert."""

    name: str
    summary: str
    description: str
    severity: str
    level: Severity
    state: str
    area: str
    where: str
    since: str
    value: str
    limit: str
    """With its unit; empty where there is none."""
    notes: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]
    """Those that are not told otherwise."""
    runbook: str


@dataclass(frozen=True, slots=True)
class Facts:
    """The whole message."""

    t: Phrases
    title: str
    summary: str
    severity: str
    level: Severity
    reason: str
    lead: AlertFacts | None
    """The alert that the message is about before all others."""
    alerts: tuple[AlertFacts, ...]
    """All that the notification names, the lead first."""
    total: int
    bunches: tuple[Bunch, ...]
    """The same, one line for all of a kind."""
    more: str
    """How many are not listed; empty if none."""
    rows: tuple[tuple[str, str], ...]
    """Label and value, in the order of importance."""
    description: str
    notes: tuple[str, ...]
    regulatory: tuple[tuple[str, str], ...]
    policy: str
    again: str
    link: str
    code: str = ""
    """What somebody types into an answer to name the lead; empty where no answer is asked for."""
    answer: str = ""

    def at_most(self, lines: int, summary: int, description: int) -> "Facts":
        """With so many lines of alerts, and texts of so many characters."""
        kept = tuple(_clipped(one, summary, description) for one in self.alerts)
        shown = bunches(kept)[:lines]
        hidden = self.total - sum(one.count for one in shown)
        more = self.t.more.format(count=hidden) if hidden > 0 else ""
        text = clipped(self.description, description)
        return replace(self, alerts=kept, bunches=shown, more=more, description=text)


def clipped(text: str, most: int) -> str:
    """At most so many characters, with an ellipsis where something is missing."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def asks(notification: Notification) -> bool:
    """Whether somebody is to acknowledge it."""
    return notification.why not in {"acknowledged", "withdrawn", "resolved", "maintenance"}


def facts(notification: Notification, reader: Reader, place: Place, link: LinkTo) -> Facts:
    """What this reader is told."""
    t = PHRASES[reader.language]
    locale = locale_of(reader.language, reader.time_zone)
    listed = sorted(notification.alerts, key=_importance)
    alerts = tuple(_alert(one, reader, locale) for one in listed)
    lead = alerts[0] if alerts else None
    summary = _summary(notification, lead, t)
    regulatory = next((one for one in listed if "regulatory" in one.labels), None)
    said = (t, locale, reader.time_zone)
    told = Facts(
        t=t,
        title=_title(notification, summary, place, t),
        summary=summary,
        severity=t.severity[notification.severity],
        level=notification.severity,
        reason=t.reason[notification.why],
        lead=lead,
        alerts=alerts,
        total=max(notification.total, len(alerts)),
        bunches=(),
        more="",
        rows=_rows(notification, _told_of(notification, lead), place, said),
        description=lead.description if lead and notification.why != "summary" else "",
        notes=lead.notes if lead else (),
        regulatory=_regulatory(regulatory, t, locale) if regulatory is not None else (),
        policy=t.own_policy,
        again="",
        link=(link(listed[0], notification.recipient) or "") if _is_asked(notification) else "",
        code=_code(notification, listed),
    )
    return told.at_most(50, 2000, 4000)


def _is_asked(notification: Notification) -> bool:
    return bool(notification.alerts) and asks(notification)


def _importance(alert: AlertTransition) -> tuple[bool, int, object, str]:
    rank = SEVERITIES.index(alert.severity)
    return (alert.state == "resolved", -rank, alert.starts_at, alert.fingerprint)


def _clipped(alert: AlertFacts, summary: int, description: int) -> AlertFacts:
    return replace(
        alert,
        summary=clipped(alert.summary, summary),
        description=clipped(alert.description, description),
    )


def _summary(notification: Notification, lead: AlertFacts | None, t: Phrases) -> str:
    if lead is None:
        what = one_line(notification.comment) or t.maintenance
        return what if notification.why == "maintenance" else t.alerts.format(count=0, what=what)
    if notification.why == "summary":
        return t.alerts.format(count=notification.total, what=_group(notification))
    return lead.summary


def _group(notification: Notification) -> str:
    """What its alerts share, or the rules that most of them come from."""
    shared = [one for one in notification.group_labels.values() if one]
    names = Counter(one.labels.get("alertname", "") for one in notification.alerts)
    return ", ".join(one_line(one) for one in shared or [name for name, _ in names.most_common(3)])


def _title(notification: Notification, summary: str, place: Place, t: Phrases) -> str:
    others = max(notification.total, len(notification.alerts)) - 1
    tells_count = notification.why in {"summary", "maintenance"} or others < 1
    more = "" if tells_count else t.more_title.format(count=others)
    return f"🏭 {place.title}: {t.tag[notification.why]}{clipped(summary, 160)}{more}"


def _alert(alert: AlertTransition, reader: Reader, locale: Locale) -> AlertFacts:
    t = PHRASES[reader.language]
    labels = {name: one_line(value) for name, value in alert.labels.items()}
    name = labels.get("alertname", "")
    words = alert.words.get(reader.language) or next(iter(alert.words.values()), None)
    notes = ((alert.late, t.late), (alert.flapping, t.flapping))
    return AlertFacts(
        name=name,
        summary=one_line(words.summary if words else "") or name or alert.fingerprint,
        description=words.description.strip() if words else "",
        severity=t.severity[alert.severity],
        level=alert.severity,
        state=t.state[alert.state],
        area=labels.get("area", ""),
        where=_where(labels, alert.site),
        since=moment(alert.starts_at, locale, reader.time_zone),
        value=quantity(alert.value, alert.unit, locale),
        limit=quantity(alert.limit, alert.unit, locale),
        notes=tuple(said for holds, said in notes if holds),
        labels=tuple(sorted((k, v) for k, v in labels.items() if k not in _SHOWN)),
        runbook=alert.runbook_url or "",
    )


def _where(labels: Mapping[str, str], site: str) -> str:
    told = ("equipment", "line", "product", "source", "instance", "site")
    return next((labels[one] for one in told if labels.get(one)), site)


def _told_of(notification: Notification, lead: AlertFacts | None) -> AlertFacts | None:
    """A summary speaks of many: no value or place of one of them."""
    return None if notification.why == "summary" else lead


def _code(notification: Notification, listed: list[AlertTransition]) -> str:
    """Of the lead; a summary speaks of many, and is answered where they are listed."""
    named = _is_asked(notification) and notification.why != "summary"
    return code_of(listed[0].alert_id()) if named else ""


def _rows(
    notification: Notification,
    lead: AlertFacts | None,
    place: Place,
    said: tuple[Phrases, Locale, str],
) -> tuple[tuple[str, str], ...]:
    t, locale, time_zone = said
    value = lead.value if lead else ""
    if lead and value and lead.limit:
        value += f" ({t.limit.format(limit=lead.limit)})"
    escalates = ""
    if notification.escalates_at is not None:
        time = moment(notification.escalates_at, locale, time_zone)
        names = _names(notification.escalates_to, place)
        escalates = (t.escalates_at if names else t.nobody_next).format(time=time, names=names)
    action = t.action_for.get(notification.why) or t.action[notification.severity]
    since = lead.since if lead else moment(notification.at, locale, time_zone)
    rows = (
        (t.field["severity"], t.severity[notification.severity]),
        (t.field["value"], value),
        (t.field["equipment"], lead.where if lead else ""),
        (t.field["area"], lead.area if lead else ""),
        (t.field["since"], since),
        (t.field["site"], place.name),
        (t.field["action"], action),
        (t.field["escalates"], escalates),
        (t.field["told"], _names(notification.told, place)),
        (t.field["comment"], one_line(notification.comment)),
        (t.field["runbook"], lead.runbook if lead else ""),
    )
    return tuple((label, text) for label, text in rows if text)


def _names(ids: tuple[str, ...], place: Place) -> str:
    return ", ".join(one_line(place.people.get(one, one)) for one in ids)


def _regulatory(alert: AlertTransition, t: Phrases, locale: Locale) -> tuple[tuple[str, str], ...]:
    """The plant's own rule on whom it reports to; no norm states the term."""
    within = term(alert.labels.get("report_within", REPORT_WITHIN), locale)
    rows = (
        (t.field["authority"], one_line(alert.labels["regulatory"]).upper()),
        (t.field["reporting"], t.reporting.format(within=within)),
        (t.field["contact"], one_line(alert.labels.get("contact", ""))),
    )
    return tuple((label, text) for label, text in rows if text)
