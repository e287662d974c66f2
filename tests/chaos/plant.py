"""The plant of the chaos runs: twenty presses behind an MQTT broker, and who is told of heat."""

import json
from typing import Any

from plantstream.embedded.checks import HOST
from schemas.plant.load import PlantFile, load_plant

SITE = "acme/chaos"
PRESSES = tuple(f"press-{number:02}" for number in range(20))
MIRRORS = 8
"""Tags that repeat the number: with `n` and `temperature`, ten samples a message."""
NUMBERS = ("n", *(f"m{mirror}" for mirror in range(1, MIRRORS + 1)))
SAMPLED = (*NUMBERS, "temperature")
STATES = {"run": "running", "stand": "unplanned_stop"}
LIMIT_C = 80.0
IDEAL_S = 0.08


def path_of(press: str) -> str:
    """The equipment of a press."""
    return f"{SITE}/hall/line/{press}"


def topic_of(press: str) -> str:
    """Where a press says its messages."""
    return f"hall/{press}"


def chaos_plant(mqtt_port: int, provider: str) -> PlantFile:
    """The plant file: the MQTT broker is at this port, messages to people go to this address."""
    tags = [
        *(_tag(name) for name in NUMBERS),
        _tag("temperature", unit="°C"),
        _tag("product", means="product"),
        _tag("made", means="good_count"),
        _tag("state", means="state", states=STATES),
    ]
    enterprise, site = SITE.split("/")
    told: dict[str, Any] = {
        "enterprise": enterprise,
        "site": site,
        "name": "Chaos",
        "time_zone": "UTC",
        "sources": {
            "line": {"type": "mqtt", "broker": f"mqtt://{HOST}:{mqtt_port}", "heartbeat_s": 1}
        },
        "calendars": {"always": {"shifts": [{"name": "day", "start": "00:00", "end": "24:00"}]}},
        "products": [{"id": "part", "ideal_cycle_s": IDEAL_S}],
        "equipment_classes": {
            "press": {"calendar": "always", "tags": tags},
        },
        "equipment": [
            {"id": press, "area": "hall", "line": "line", "class": "press", "source": "line"}
            for press in PRESSES
        ],
        "chains": {"all": {"steps": [{"endpoints": ["all"], "wait": "1h"}]}},
        "channels": {"all": {"type": "webhook", "url": f"{provider}/all", "most_per_s": 1000}},
        "alerts": {
            "matrix": {"info": [], "warning": [], "critical": []},
            "receivers": {"all": {"chain": "all", "cooldown": 0}},
            "route": {
                "receiver": "all",
                "group_by": ["alertname", "equipment"],
                "group_wait": 0,
                "group_interval": "1s",
            },
            "flood": {"more_than": 100000},
            "cooldown": 0,
        },
        "alert_rules": [
            {
                "alert": "Hot",
                "when": {"tag": "temperature", "above": LIMIT_C},
                "severity": "critical",
                "flapping": 0,
                "summary": "{{ equipment }} at {{ value }} {{ unit }}",
            }
        ],
    }
    return load_plant(json.dumps(told), "chaos.yaml")


def _tag(name: str, **more: Any) -> dict[str, Any]:
    message = {"topic": "hall/{id}", "field": name, "time_field": "at"}
    return {"name": name, "message": message, **more}
