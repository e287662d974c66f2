"""What our pages and answers say, in every language."""

from dataclasses import dataclass

from schemas.alerts import Severity
from schemas.plant.alerts.rules import Language


@dataclass(frozen=True, slots=True)
class Phrases:
    """Of one language; `{…}` is filled in."""

    severity: dict[Severity, str]
    what_to_do: dict[Severity, str]
    value: str
    limit: str
    for_: str
    was_for: str
    since: str
    take: str
    take_over: str
    give_back: str
    next_called: str
    in_: str
    nobody_next: str
    told: str
    more_told: str
    quiet: str
    quiet_why: str
    spans: dict[int, str]
    """By minutes."""
    acknowledged: str
    acknowledged_by_you: str
    no_more_calls: str
    snoozed: str
    suppressed: str
    resolved: str
    newer: str
    late: str
    flapping: str
    done_take: str
    done_give_back: str
    done_snooze: str
    used: str
    stale: str
    not_now: str
    runbook: str
    update: str
    expires: str
    details: str
    answered_take: str
    answered_give_back: str
    answered_snooze: str
    answered_nothing: str
    answered_unknown_code: str
    answered_help: str
    answered_not_now: str


_EN = Phrases(
    severity={"info": "INFO", "warning": "WARNING", "critical": "CRITICAL"},
    what_to_do={
        "info": "For your information",
        "warning": "Look at it soon",
        "critical": "Act now",
    },
    value="Value",
    limit="limit {limit}",
    for_="Active for",
    was_for="It took",
    since="since {at}",
    take="I take care of it",
    take_over="I take over",
    give_back="I can no longer take care of it",
    next_called="If nobody answers, next:",
    in_="in",
    nobody_next="Nobody else will be called.",
    told="Told so far",
    more_told="and {number} before",
    quiet="Quiet for a while",
    quiet_why="Calls nobody until then, unless it gets worse. It does not say that you take care.",
    spans={15: "15 min", 60: "1 hour", 240: "4 hours"},
    acknowledged="{name} takes care of it since {at}.",
    acknowledged_by_you="You take care of it since {at}.",
    no_more_calls="Nobody else is called unless it gets worse.",
    snoozed="Quiet until {at}.",
    suppressed="Kept quiet by {names}.",
    resolved="It is over.",
    newer="That alert is over. The same condition is true again since {at}; it has its own link.",
    late="It was found out late: what it stands on arrived after newer data.",
    flapping="It comes and goes; you are told once until it stays quiet.",
    done_take="Done: you take care of it.",
    done_give_back="Done: nobody takes care of it now, and it calls again.",
    done_snooze="Done: quiet until {at}.",
    used="This button was used before. Below is what holds now.",
    stale="This page was open for too long. Please press again.",
    not_now="It could not be stored yet. Please press again.",
    runbook="What to do (runbook)",
    update="Update this page",
    expires="This link works until {at}. It is only for {name}.",
    details="Details",
    answered_take="OK {name}: you take care of {what}.",
    answered_give_back="OK {name}: nobody takes care of {what} now. It calls again.",
    answered_snooze="OK {name}: {what} is quiet until {at}.",
    answered_nothing="Nothing waits for an answer of yours.",
    answered_unknown_code="There is no open alert {code}.",
    answered_help="Answer OK (you take care), UNACK, or SNOOZE 30m; with the alert's code if you "
    "were told of several, such as OK {code}.",
    answered_not_now="Your answer could not be stored. Please answer again in a minute, best "
    "with the alert's code.",
)
_ES = Phrases(
    severity={"info": "INFORMACIÓN", "warning": "ADVERTENCIA", "critical": "CRÍTICA"},
    what_to_do={"info": "Para su información", "warning": "Revise pronto", "critical": "Actúe ya"},
    value="Valor",
    limit="límite {limit}",
    for_="Activa desde hace",
    was_for="Duró",
    since="desde {at}",
    take="Yo me encargo",
    take_over="Ahora me encargo yo",
    give_back="Ya no puedo encargarme",
    next_called="Si nadie responde, sigue:",
    in_="en",
    nobody_next="No se llamará a nadie más.",
    told="Avisados hasta ahora",
    more_told="y {number} antes",
    quiet="En silencio un rato",
    quiet_why="No llama a nadie hasta entonces, salvo que empeore. No dice que usted se encarga.",
    spans={15: "15 min", 60: "1 hora", 240: "4 horas"},
    acknowledged="{name} se encarga desde {at}.",
    acknowledged_by_you="Usted se encarga desde {at}.",
    no_more_calls="No se llama a nadie más, salvo que empeore.",
    snoozed="En silencio hasta {at}.",
    suppressed="En silencio por {names}.",
    resolved="Ya terminó.",
    newer="Esa alerta ya terminó. La misma condición se cumple otra vez desde {at}; tiene su "
    "propio enlace.",
    late="Se supo tarde: los datos en que se basa llegaron después de otros más nuevos.",
    flapping="Va y viene; se avisa una vez hasta que quede en calma.",
    done_take="Listo: usted se encarga.",
    done_give_back="Listo: ya nadie se encarga, y vuelve a llamar.",
    done_snooze="Listo: en silencio hasta {at}.",
    used="Este botón ya se usó. Abajo está lo que vale ahora.",
    stale="Esta página estuvo abierta demasiado tiempo. Pulse otra vez, por favor.",
    not_now="Todavía no se pudo guardar. Pulse otra vez, por favor.",
    runbook="Qué hacer (procedimiento)",
    update="Actualizar esta página",
    expires="Este enlace sirve hasta {at}. Es solo para {name}.",
    details="Detalles",
    answered_take="OK {name}: usted se encarga de {what}.",
    answered_give_back="OK {name}: ya nadie se encarga de {what}. Vuelve a llamar.",
    answered_snooze="OK {name}: {what} en silencio hasta {at}.",
    answered_nothing="Nada espera una respuesta suya.",
    answered_unknown_code="No hay alerta abierta {code}.",
    answered_help="Responda OK (usted se encarga), UNACK o SNOOZE 30m; con el código de la alerta "
    "si le avisaron de varias, por ejemplo OK {code}.",
    answered_not_now="Su respuesta no se pudo guardar. Responda otra vez en un minuto, de "
    "preferencia con el código de la alerta.",
)
PHRASES: dict[Language, Phrases] = {"en": _EN, "es": _ES}
BOTH = {
    "forged": (
        "This link is not valid.",
        "Open it from the message again, whole.",
        "Este enlace no es válido.",
        "Ábralo otra vez desde el mensaje, completo.",
    ),
    "expired": (
        "This link has expired.",
        "Use the newest message, or `plantstream alerts`.",
        "Este enlace ya venció.",
        "Use el mensaje más reciente, o `plantstream alerts`.",
    ),
    "unknown": (
        "Nothing is known of this alert yet.",
        "Try again in a few seconds.",
        "Todavía no se sabe nada de esta alerta.",
        "Intente otra vez en unos segundos.",
    ),
    "not_now": (
        "Starting, or asked too often.",
        "Try again in a few seconds.",
        "Iniciando, o demasiadas consultas.",
        "Intente otra vez en unos segundos.",
    ),
    "other": (
        "This cannot be done.",
        "Go back to the message and open its link.",
        "Esto no se puede hacer.",
        "Vuelva al mensaje y abra su enlace.",
    ),
}
"""For those whose language nobody knows: English, what to do, Spanish, what to do."""
