"""A demo reaches nobody but its stand-ins, whatever the plant file says."""

from typing import Any

import pytest

from plantstream.simulator.client_side import document_of, with_document
from plantstream.simulator.stand_ins.ways import local_ways as local_ways_

PROVIDERS, PAGES = "http://127.0.0.1:40001", "http://127.0.0.1:40002"
REAL = {
    "mail": {
        "type": "email",
        "host": "smtp.acme.example",
        "sender": "a@acme.example",
        "user": "a",
        "password": {"file": "/run/secrets/smtp"},
        "ca_file": "/etc/ca.pem",
    },
    "text": {
        "type": "twilio_sms",
        "account": "AC" + "0" * 32,
        "token": {"file": "/run/secrets/twilio"},
        "sender": "+522281000000",
    },
    "role": {"type": "sns", "region": "us-east-1"},
    "pager": {"type": "pagerduty", "routing_key": {"env": "REAL_KEY"}},
    "chat": {"type": "slack", "url": {"env": "REAL_SLACK"}},
    "team": {"type": "teams", "url": {"env": "REAL_TEAMS"}},
    "rest": {"type": "apprise", "url": {"env": "REAL_APPRISE"}},
    "hook": {
        "type": "webhook",
        "url": "https://acme.example/in",
        "headers": {"Authorization": {"file": "/run/secrets/hook"}, "X-Plant": "one"},
    },
}


def local_ways(*given) -> Any:
    return local_ways_(*given)


@pytest.fixture
def real(ninu):
    document = document_of(ninu)
    for name, channel in REAL.items():
        document["channels"][name] = channel
    return with_document(ninu, document)


def test_no_address_of_the_plant_file_is_left(real):
    ways = local_ways(real, 40000, PROVIDERS, PAGES)
    for name, channel in ways.plant.plant.channels.items():
        if channel.type == "email":
            assert (channel.host, channel.port, channel.security) == ("127.0.0.1", 40000, "none")
            assert channel.user is channel.password is channel.ca_file is None
        elif channel.type in {"slack", "teams", "apprise"}:
            url = ways.environment[channel.url.env]
            assert url.partition("://")[2] == f"127.0.0.1:40001/{name}"
        else:
            place = channel.url if channel.type == "webhook" else channel.endpoint
            assert place.startswith(f"{PROVIDERS}/{name}")
    assert ways.plant.plant.alerts.external_url == PAGES


def test_every_secret_is_a_local_one_by_a_variable(real):
    ways = local_ways(real, 40000, PROVIDERS, PAGES)
    assert "file" not in str(ways.plant.text[ways.plant.text.index("\nchannels:") :])[:4000]
    assert ways.plant.plant.channels["pager"].routing_key.env == "REAL_KEY"
    assert ways.secrets["pager"]["routing_key"] == ways.environment["REAL_KEY"]
    assert ways.plant.plant.channels["text"].token.env == "DEMO_TEXT_TOKEN"
    assert ways.plant.plant.channels["role"].access_key_id.env in ways.environment
    assert ways.plant.plant.channels["hook"].headers["X-Plant"] == "one"
    header = ways.plant.plant.channels["hook"].headers["Authorization"]
    assert header.env == "DEMO_HOOK_HEADERS_AUTHORIZATION"
    assert ways.environment[header.env]


def test_secrets_are_others_each_time(ninu):
    one, other = (local_ways(ninu, 1, PROVIDERS, PAGES).environment for _ in range(2))
    assert one.keys() == other.keys()
    assert one["NINU_TWILIO_TOKEN"] != other["NINU_TWILIO_TOKEN"]
