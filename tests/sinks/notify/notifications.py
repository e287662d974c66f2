"""Notifications that tests send, one for every reason there is."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from schemas.alerts import AlertTransition, Notification, Why, Words
from sinks.notify.words.facts import Place, Reader, place_of

AT = datetime(2026, 11, 21, 14, 5, 12, tzinfo=UTC)
SITE = "ninu/xalapa"
WHYS: tuple[Why, ...] = get_args(Why)
PEOPLE = {"ana": "Ana Pérez", "luis": "Luis Gómez"}
PLACE: Place = place_of("Ninu.mx - Xalapa, Veracruz", PEOPLE)
SPANISH = Reader("es", "America/Mexico_City")
ENGLISH = Reader("en", "America/Mexico_City")
READERS = {"es": SPANISH, "en": ENGLISH}
_HOT = {
    "en": Words(summary="Reactor A is too hot", description="Close the steam valve, then look."),
    "es": Words(
        summary="El reactor A está demasiado caliente",
        description="Cierre la válvula de vapor y revise.",
    ),
}
_QUALITY = {
    "en": Words(summary="Compliance of <jabón & crema> is below 95 %", description=""),
    "es": Words(summary="El cumplimiento de <jabón & crema> está por debajo de 95 %"),
}


def link(alert: AlertTransition, recipient: str) -> str:
    return f"https://plant.example/a/{alert.fingerprint}?to={recipient}&s=3f9a"


def hot(equipment: str = "reactor-a", **more: Any) -> AlertTransition:
    """A temperature above its limit."""
    said: dict[str, Any] = {
        "plant_version": "v1",
        "site": SITE,
        "fingerprint": f"hot-{equipment}",
        "starts_at": AT - timedelta(seconds=30),
        "at": AT,
        "state": "firing",
        "severity": "critical",
        "labels": {
            "alertname": "ReactorCriticalTemperature",
            "equipment": equipment,
            "area": "reactor",
            "tag": "temperature",
        },
        "value": 1096.25,
        "limit": 95.0,
        "unit": "°C",
        "words": _HOT,
        "runbook_url": "https://plant.example/runbooks/hot?a=1&b=2",
        "generator": "rule",
    }
    return AlertTransition(**said | more)


def low_compliance(**more: Any) -> AlertTransition:
    """What the plant reports to its authority."""
    said: dict[str, Any] = {
        "fingerprint": "compliance",
        "labels": {
            "alertname": "COFEPRISComplianceViolation",
            "product": "jabon",
            "area": "quality",
            "regulatory": "cofepris",
            "contact": "calidad@plant.example",
        },
        "value": 0.94,
        "limit": 0.95,
        "unit": "",
        "words": _QUALITY,
        "runbook_url": None,
    }
    return hot(**said | more)


def notification(number: int = 1, **more: Any) -> Notification:
    """A page of one hot reactor to Ana."""
    said: dict[str, Any] = {
        "plant_version": "v1",
        "site": SITE,
        "id": f"n{number}",
        "group": "g1",
        "group_labels": {"alertname": "ReactorCriticalTemperature"},
        "why": "firing",
        "at": AT,
        "expires_at": AT + timedelta(hours=1),
        "recipient": "ana",
        "channel": "mail",
        "severity": "critical",
        "alerts": (hot(),),
        "total": 1,
    }
    return Notification(**said | more)


def told(why: Why) -> Notification:
    """A notification as the dispatcher makes it for this reason."""
    return notification(why=why, id=f"n-{why}", **_OF[why])


_ESCALATES = {"escalates_at": AT + timedelta(minutes=5), "escalates_to": ("luis",)}
_COOLER = AT + timedelta(minutes=7)
_OF: dict[Why, dict[str, Any]] = {
    "firing": _ESCALATES | {"told": ("luis",)},
    "changed": {
        "alerts": (hot(severity="warning"), low_compliance()),
        "group": "g2",
        "total": 2,
    }
    | _ESCALATES,
    "repeat": {"alerts": (hot(flapping=True), hot("reactor-b")), "total": 2},
    "escalated": {"recipient": "luis", "step": 1, "alerts": (hot(late=True),)},
    "reminder": {"comment": "Ana took it at 06:05"},
    "acknowledged": {"comment": "acknowledged by luis"},
    "withdrawn": {},
    "resolved": {
        "alerts": (hot(state="resolved", at=_COOLER, value=79.5),),
        "severity": "critical",
    },
    "summary": {
        "alerts": tuple(hot(f"station-{n}", severity="warning") for n in range(1, 16)),
        "total": 132,
        "group_labels": {},
        "severity": "warning",
    },
    "maintenance": {
        "alerts": (),
        "total": 0,
        "severity": "info",
        "comment": "reactor-b, 06:00-14:00: seals of the mixer",
    },
}
