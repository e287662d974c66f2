"""What people read, word for word: every channel, language and reason has its file in golden/.

After a change of words: `python -m tests.sinks.notify.words.test_golden`, then read the difference.
"""

import json
from pathlib import Path

import pytest

from schemas.alerts import Why
from schemas.plant.alerts.channels import WhatsAppChannel
from sinks.notify.channels import pagerduty, slack, teams, whatsapp
from sinks.notify.channels.twilio import PARAMETERS
from sinks.notify.message import Kind, Message
from sinks.notify.words.compose import Wording
from sinks.notify.words.sms import size
from tests.sinks.notify.notifications import PLACE, READERS, WHYS, link, told

GOLDEN = Path(__file__).parents[1] / "golden"
WORDING = Wording(PLACE, link)
_TEMPLATE = {"name": "plant_alert", "parameters": list(PARAMETERS)}
META = WhatsAppChannel.model_validate(
    {
        "type": "whatsapp",
        "phone_number_id": "106540352242922",
        "token": {"env": "TOKEN"},
        "templates": {
            "en": _TEMPLATE | {"language": "en"},
            "es": _TEMPLATE | {"language": "es_MX"},
        },
    }
)
CASES = [(kind, language, why) for kind in Kind for language in READERS for why in WHYS]


def carried(message: Message, kind: Kind) -> str:  # noqa: PLR0911 - one for each kind
    """What goes over the wire, readable."""
    if kind is Kind.EMAIL:
        return f"{message.title}\n\n{message.text}\n\n{message.html}\n"
    if kind is Kind.SMS:
        cost = size(message.text)
        return f"{message.text}\n\n{cost.units} units, {cost.segments} segments\n"
    if kind is Kind.WHATSAPP:
        template = whatsapp.payload(message, "+522281234567", META, is_open=False)
        return f"{message.text}\n\n{_json(template)}"
    if kind is Kind.SLACK:
        return _json(slack.payload(message))
    if kind is Kind.TEAMS:
        return _json(teams.payload(message))
    if kind is Kind.PAGERDUTY:
        path, body = pagerduty.request(message, "R" * 32)
        return f"POST /v2/{path}\n{_json(body)}"
    if kind is Kind.WEBHOOK:
        return _json(json.loads(message.text))
    return f"{message.title}\n\n{message.text}\n"


def written(kind: Kind, language: str, why: Why) -> str:
    """The message as it is now."""
    repeated = why == "escalated"
    said = WORDING.message(kind, told(why), READERS[language], repeated=repeated)
    return carried(said, kind)


def file_of(kind: Kind, language: str, why: Why) -> Path:
    return GOLDEN / kind / f"{why}.{language}.txt"


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


@pytest.mark.parametrize(("kind", "language", "why"), CASES)
def test_a_message_reads_as_its_golden_file(kind, language, why):
    assert written(kind, language, why) == file_of(kind, language, why).read_text("utf-8")


def test_there_is_no_golden_file_too_many():
    assert set(GOLDEN.rglob("*.txt")) == {file_of(*case) for case in CASES}


if __name__ == "__main__":
    for case in CASES:
        file_of(*case).parent.mkdir(parents=True, exist_ok=True)
        file_of(*case).write_text(written(*case), "utf-8")
