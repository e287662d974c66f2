"""Colours: of values that are told by name, and of numbers by where they stand to a target."""

from collections.abc import Mapping

GREEN, YELLOW, ORANGE, RED = "green", "#EAB839", "orange", "red"
BLUE, PURPLE, GREY, TEXT = "blue", "purple", "#8e8e8e", "text"

Steps = Mapping[float | None, str]

PLAIN: Steps = {None: TEXT}
OEE: Steps = {None: RED, 0.60: ORANGE, 0.75: YELLOW, 0.85: GREEN}
"""60 and 75 % are the limits of the example plant's alerts, 85 % is the target."""
QUALITY: Steps = {None: RED, 0.90: ORANGE, 0.95: GREEN}
COMPLIANCE: Steps = {None: RED, 0.95: YELLOW, 1.0: GREEN}
"""95 % is a plant's own policy, and no norm's."""
COVERAGE: Steps = {None: RED, 0.95: YELLOW, 0.99: GREEN}
TEMPERATURE: Steps = {None: GREEN, 80: ORANGE, 95: RED}
ANY_IS_BAD: Steps = {None: GREEN, 1: RED}
ANY_IS_A_WARNING: Steps = {None: GREEN, 1: ORANGE}
CAPABILITY: Steps = {None: RED, 1.0: YELLOW, 1.33: GREEN}
LATENCY: Steps = {None: GREEN, 1: ORANGE, 5: RED}
LAG: Steps = {None: GREEN, 5: ORANGE, 60: RED}

NAMED: Mapping[str, Mapping[str, str]] = {
    "category": {
        "running": GREEN,
        "minor_stop": YELLOW,
        "setup": BLUE,
        "delay": ORANGE,
        "unplanned_stop": RED,
        "planned_stop": PURPLE,
        "unknown": "#ff00a8",
        "unplanned_running": "#5794F2",
        "not_scheduled": GREY,
    },
    "severity": {
        "critical": RED,
        "major": ORANGE,
        "warning": ORANGE,
        "minor": YELLOW,
        "info": BLUE,
    },
    "state": {
        "firing": RED,
        "pending": YELLOW,
        "resolved": GREEN,
        "open": RED,
        "investigating": ORANGE,
        "capa": YELLOW,
        "closed": GREEN,
    },
    "status": {"compliant": GREEN, "warning": YELLOW, "violation": RED, "too_few": GREY},
    "outcome": {
        "pass": GREEN,
        "out_of_trend": YELLOW,
        "fail": RED,
        "delivered": GREEN,
        "accepted": GREEN,
        "bounced": RED,
        "failed": RED,
        "pending": YELLOW,
    },
    "disposition": {
        "approved": GREEN,
        "conditional": YELLOW,
        "held": ORANGE,
        "rejected": RED,
        "waiting": GREY,
    },
    "loss": {
        "breakdown": RED,
        "setup": BLUE,
        "minor stops": YELLOW,
        "speed": ORANGE,
        "defects": PURPLE,
        "start-up": "#B877D9",
        "unknown": GREY,
    },
    "cause": {"excursion": ORANGE, "out_of_specification": RED},
    "part": {
        "edge": BLUE,
        "source": BLUE,
        "equipment": TEXT,
        "topic": TEXT,
        "dead_letters": ORANGE,
    },
    "kind": {"alert": RED, "stop": ORANGE, "andon": PURPLE, "finding": GREY},
}
"""By what is told: colour of each value; words.toml says each in people's language."""

CATEGORIES = tuple(NAMED["category"])
"""A band of a machine's states is drawn from numbers: the place of the category here."""
