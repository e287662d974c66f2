"""From a notification to the message of one channel kind."""

from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from schemas.alerts import Notification
from sinks.notify.message import Kind, Link, Message
from sinks.notify.words import escape
from sinks.notify.words.facts import Facts, LinkTo, Place, Reader, asks, clipped, facts
from sinks.notify.words.payload import body
from sinks.notify.words.sms import sms

_TEMPLATES = Path(__file__).parent / "templates"
_COLOURS = {"info": "#37617a", "warning": "#8a5300", "critical": "#a11212"}
"""Dark enough for white letters at a contrast of 4.5 and more."""
_CHAT_LINES, _CHAT_SUMMARY, _CHAT_DESCRIPTION = 10, 300, 500
_WHATSAPP_CHARACTERS = 1500


@dataclass(frozen=True, slots=True)
class Wording:
    """Makes messages for one plant."""

    place: Place
    link: LinkTo
    answers: bool = True
    """Whether messages say how they are answered."""

    def message(
        self,
        kind: Kind,
        notification: Notification,
        reader: Reader,
        *,
        repeated: bool = False,
        template: str | None = None,
    ) -> Message:
        """What a channel of this kind carries.

        Args:
            kind: of the channel.
            notification: what is to be told.
            reader: in whose language, zone and accents.
            repeated: whether it may have arrived before, which the text then says.
            template: body of a generic webhook, as the plant file has it.
        """
        told = facts(notification, reader, self.place, self.link)
        told = replace(told, again=told.t.again if repeated else "")
        if not self.answers:
            told = replace(told, code="")
        values = _values(told, notification) | {"repeated": "true" if repeated else ""}
        if told.code and kind is Kind.WHATSAPP:
            values["title"] += f" ({told.code})"
        if repeated and kind is Kind.WHATSAPP:
            values |= {name: _again(told, values[name]) for name in ("title", "summary")}
        text, html = _rendered(kind, told, notification, reader)
        if kind is Kind.WEBHOOK:
            text = body(template, values | {"language": reader.language}, notification)
        return Message(
            id=notification.id,
            group=notification.group,
            why=notification.why,
            severity=notification.severity,
            at=notification.at,
            language=reader.language,
            title=told.title,
            text=text,
            html=html,
            values=values,
            link=Link(told.t.acknowledge, told.link) if told.link else None,
            runbook=Link(told.t.field["runbook"], values["runbook"]) if values["runbook"] else None,
            over=_is_over(notification),
            repeated=repeated,
        )


def _again(told: Facts, text: str) -> str:
    """Templates that a provider keeps have no sentence of their own for it."""
    return f"{told.t.again_short} {text}"


def _is_over(notification: Notification) -> bool:
    states = {one.state for one in notification.alerts}
    if notification.why == "resolved":
        return states <= {"resolved"}
    all_told = notification.total <= len(notification.alerts)
    return asks(notification) and all_told and states == {"resolved"}


def _rendered(
    kind: Kind, told: Facts, notification: Notification, reader: Reader
) -> tuple[str, str]:
    """Text and HTML of the kind."""
    if kind is Kind.SMS:
        return sms(told, notification.why, reader.accents), ""
    if kind is Kind.EMAIL:
        more = {"language": reader.language, "colour": _COLOURS[told.level]}
        return _render("plain.j2", "plain", told), _render("email.html.j2", "html", told, more)
    short = told.at_most(_CHAT_LINES, _CHAT_SUMMARY, _CHAT_DESCRIPTION)
    if kind is Kind.SLACK:
        return _render("slack.j2", "mrkdwn", short), ""
    if kind is Kind.TEAMS:
        return _render("teams.j2", "markdown", short), ""
    if kind is Kind.WHATSAPP:
        said = replace(short, answer=short.t.answer.format(code=short.code) if short.code else "")
        return clipped(_render("plain.j2", "plain", said), _WHATSAPP_CHARACTERS), ""
    return _render("plain.j2", "plain", replace(short, title="")), ""


def _render(name: str, escaping: str, told: Facts, more: dict[str, str] | None = None) -> str:
    shown: dict[str, Any] = {one: getattr(told, one) for one in told.__dataclass_fields__}
    return _environment(escaping).get_template(name).render(shown | (more or {})).strip()


@cache
def _environment(escaping: str) -> SandboxedEnvironment:
    way = {
        "plain": escape.plain,
        "html": escape.html,
        "mrkdwn": escape.mrkdwn,
        "markdown": escape.markdown,
    }[escaping]
    return SandboxedEnvironment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        finalize=escape.finalizer(way),
        trim_blocks=True,
    )


def _values(told: Facts, notification: Notification) -> dict[str, str]:
    """Plain words by name."""
    rows = dict(told.rows)
    row = {name: rows.get(label, "") for name, label in asdict(told.t)["field"].items()}
    lead = told.lead
    return {
        "title": told.title,
        "summary": told.summary,
        "description": told.description,
        "severity": told.severity,
        "area": row["area"],
        "equipment": row["equipment"],
        "site": row["site"],
        "value": lead.value if lead else "",
        "limit": lead.limit if lead else "",
        "since": row["since"],
        "action": row["action"],
        "escalates": row["escalates"],
        "told": row["told"],
        "comment": row["comment"],
        "runbook": row["runbook"],
        "total": str(told.total),
        "reason": told.reason,
        "why": notification.why,
        "link": told.link,
        "code": told.code,
    }
