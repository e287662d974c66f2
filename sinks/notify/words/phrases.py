"""The fixed words of messages, in every language."""

from dataclasses import dataclass
from typing import Literal

from schemas.alerts import AlertState, Severity, Why
from schemas.plant.alerts.rules import Language

Field = Literal[
    "severity",
    "area",
    "equipment",
    "since",
    "value",
    "site",
    "action",
    "escalates",
    "told",
    "comment",
    "runbook",
    "regulatory",
    "authority",
    "reporting",
    "contact",
    "alerts",
    "labels",
]


@dataclass(frozen=True, slots=True)
class Phrases:
    """Of one language; `{…}` is filled in."""

    severity: dict[Severity, str]
    state: dict[AlertState, str]
    tag: dict[Why, str]
    """Before the summary in a title; empty for the first message."""
    reason: dict[Why, str]
    """Why this message is sent."""
    field: dict[Field, str]
    action: dict[Severity, str]
    action_for: dict[Why, str]
    """Instead of `action`, where the reason of the message asks for something else."""
    limit: str
    escalates_at: str
    nobody_next: str
    more_title: str
    more: str
    alerts: str
    maintenance: str
    late: str
    flapping: str
    again: str
    again_short: str
    acknowledge: str
    answer: str
    reporting: str
    own_policy: str


_EN = Phrases(
    severity={"info": "INFO", "warning": "WARNING", "critical": "CRITICAL"},
    state={"pending": "pending", "firing": "active", "resolved": "resolved"},
    tag={
        "firing": "",
        "changed": "Changed: ",
        "repeat": "Still active: ",
        "escalated": "Escalated: ",
        "reminder": "Reminder: ",
        "acknowledged": "Acknowledged: ",
        "withdrawn": "No longer acknowledged: ",
        "resolved": "Resolved: ",
        "summary": "",
        "maintenance": "Maintenance: ",
    },
    reason={
        "firing": "An alert has become active.",
        "changed": "Something has changed in these alerts.",
        "repeat": "It is still active, and nobody has acknowledged it.",
        "escalated": "Nobody has answered so far, so it has come to you.",
        "reminder": "It was acknowledged a while ago and is still active.",
        "acknowledged": "Somebody takes care of it.",
        "withdrawn": "Nobody takes care of it any more; what is active follows anew.",
        "resolved": "It is over.",
        "summary": "So many messages came at once that this one stands for all of them.",
        "maintenance": "News of maintenance.",
    },
    field={
        "severity": "Severity",
        "area": "Area",
        "equipment": "Where",
        "since": "Since",
        "value": "Value",
        "site": "Factory",
        "action": "Action required",
        "escalates": "Escalation",
        "told": "Also told",
        "comment": "Note",
        "runbook": "Instructions",
        "regulatory": "Regulatory alert",
        "authority": "Authority",
        "reporting": "Reporting required",
        "contact": "Contact",
        "alerts": "Alerts",
        "labels": "Labels",
    },
    action={
        "info": "None; for your information.",
        "warning": "Acknowledge it and look after it soon.",
        "critical": "Acknowledge it and go and see at once.",
    },
    action_for={
        "acknowledged": "None.",
        "withdrawn": "None.",
        "resolved": "None.",
        "summary": "Look at the list of active alerts and acknowledge what you take.",
        "maintenance": "None.",
        "reminder": "Acknowledge it again if you still take care of it.",
    },
    limit="limit {limit}",
    escalates_at="at {time} to {names}, unless somebody acknowledges before",
    nobody_next="at {time}, unless somebody acknowledges before",
    more_title=" (and {count} more)",
    more="and {count} more",
    alerts="{count} alerts: {what}",
    maintenance="planned work",
    late="Known late: the data arrived after newer data.",
    flapping="It comes and goes; you are told once until it rests.",
    again="Sent again: nobody knows whether it arrived before.",
    again_short="(again)",
    acknowledge="Acknowledge",
    answer="To acknowledge by an answer to this message: OK {code}",
    reporting="yes, within {within}",
    own_policy="Authority and term are the plant's own policy, not the wording of a law.",
)
_ES = Phrases(
    severity={"info": "INFORMATIVA", "warning": "ADVERTENCIA", "critical": "CRÍTICA"},
    state={"pending": "pendiente", "firing": "activa", "resolved": "resuelta"},
    tag={
        "firing": "",
        "changed": "Cambio: ",
        "repeat": "Sigue activa: ",
        "escalated": "Escalada: ",
        "reminder": "Recordatorio: ",
        "acknowledged": "Confirmada: ",
        "withdrawn": "Ya no está confirmada: ",
        "resolved": "Resuelta: ",
        "summary": "",
        "maintenance": "Mantenimiento: ",
    },
    reason={
        "firing": "Se ha activado una alerta.",
        "changed": "Algo ha cambiado en estas alertas.",
        "repeat": "Sigue activa y nadie la ha confirmado.",
        "escalated": "Nadie ha respondido hasta ahora; por eso le llega a usted.",
        "reminder": "Se confirmó hace tiempo y sigue activa.",
        "acknowledged": "Alguien la atiende.",
        "withdrawn": "Ya nadie la atiende; lo que sigue activo se avisa de nuevo.",
        "resolved": "Ya terminó.",
        "summary": "Llegaron tantos mensajes a la vez que este los representa a todos.",
        "maintenance": "Aviso de mantenimiento.",
    },
    field={
        "severity": "Severidad",
        "area": "Área",
        "equipment": "Dónde",
        "since": "Desde",
        "value": "Valor",
        "site": "Fábrica",
        "action": "Acción requerida",
        "escalates": "Escalamiento",
        "told": "También avisados",
        "comment": "Nota",
        "runbook": "Instrucciones",
        "regulatory": "Alerta regulatoria",
        "authority": "Autoridad",
        "reporting": "Requiere reporte",
        "contact": "Contacto",
        "alerts": "Alertas",
        "labels": "Etiquetas",
    },
    action={
        "info": "Ninguna; solo para su información.",
        "warning": "Confirme y atiéndala pronto.",
        "critical": "Confirme y acuda de inmediato.",
    },
    action_for={
        "acknowledged": "Ninguna.",
        "withdrawn": "Ninguna.",
        "resolved": "Ninguna.",
        "summary": "Revise la lista de alertas activas y confirme las que atienda.",
        "maintenance": "Ninguna.",
        "reminder": "Confirme de nuevo si aún la atiende.",
    },
    limit="límite {limit}",
    escalates_at="el {time} a {names}, si nadie confirma antes",
    nobody_next="el {time}, si nadie confirma antes",
    more_title=" (y {count} más)",
    more="y {count} más",
    alerts="{count} alertas: {what}",
    maintenance="trabajo planeado",
    late="Conocida tarde: los datos llegaron después de otros más recientes.",
    flapping="Va y viene; se avisa una sola vez hasta que se calme.",
    again="Enviado de nuevo: no se sabe si llegó antes.",
    again_short="(de nuevo)",
    acknowledge="Confirmar",
    answer="Para confirmar respondiendo a este mensaje: OK {code}",
    reporting="sí, en un plazo de {within}",
    own_policy="Autoridad y plazo son política propia de la planta, no el texto de una ley.",
)
PHRASES: dict[Language, Phrases] = {"en": _EN, "es": _ES}
