"""Alerts of Prometheus: from named senders, stored before they are answered, each once."""

import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trustme

from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.http_server import Listening
from schemas.topics import AUDIT_ENTRY, SITE as SITE_TOPIC
from sinks.notify.web.alertmanager import API, WEBHOOK
from sinks.notify.web.office import Limits
from tests.sinks.notify.web.kit import NOW, SITE, House, house, sender_token

SINCE = "2026-11-21T14:00:00.5Z"
NEVER = "0001-01-01T00:00:00Z"


def told(name: str = "DiskFull", **more: Any) -> dict[str, Any]:
    return {
        "status": "firing",
        "labels": {"alertname": name, "severity": "critical", "instance": "db-1"},
        "annotations": {"summary": "The disk is full."},
        "startsAt": SINCE,
        "endsAt": NEVER,
        "generatorURL": "http://prometheus/graph",
        "fingerprint": "64ae0a8e4d3e9d55",
    } | more


def webhook(*alerts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"version": "4", "groupKey": "{}:{}", "status": "firing", "alerts": alerts} | more


@pytest.fixture
def token(tmp_path: Path) -> str:
    return sender_token(tmp_path, "prometheus-1")


async def post(home: House, token: str, said: Any, path: str = WEBHOOK) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return await home.client.post(path, json=said, headers=headers)


async def test_a_webhook_becomes_records_of_the_site(home: House, token: str):
    answer = await post(home, token, webhook(told(), told("Slow", status="resolved", endsAt=SINCE)))

    assert answer.status_code == 200
    firing, resolved = home.records(SITE_TOPIC)
    assert (firing.sender, firing.site, firing.status) == ("prometheus-1", SITE, "firing")
    assert firing.labels["alertname"] == "DiskFull"
    assert (firing.severity, firing.source_time, firing.ends_at) == ("critical", NOW, None)
    assert firing.starts_at.isoformat() == "2026-11-21T14:00:00.500000+00:00"
    assert resolved.status == "resolved"
    assert resolved.source_time == resolved.ends_at == firing.starts_at
    assert [one.id.seq for one in (firing, resolved)] == [0, 1]


async def test_what_prometheus_posts_is_firing_until_it_ends(home: House, token: str):
    ends = (NOW + timedelta(minutes=4)).isoformat()
    over = (NOW - timedelta(seconds=1)).isoformat()
    alerts = [told("A", endsAt=ends), told("B", endsAt=over), {"labels": {"alertname": "C"}}]
    for one in alerts[:2]:
        del one["status"]
    answer = await post(home, token, alerts, API)

    assert answer.status_code == 200
    assert [(one.labels["alertname"], one.status) for one in home.records(SITE_TOPIC)] == [
        ("A", "firing"),
        ("B", "resolved"),
        ("C", "firing"),
    ]
    assert home.records(SITE_TOPIC)[2].starts_at == NOW


@pytest.mark.parametrize(
    "given", [NEVER, "1970-01-01T00:00:00+02:00", "1601-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]
)
async def test_what_others_write_for_no_time_is_none(home: House, token: str, given):
    await post(home, token, webhook(told(startsAt=given, endsAt=given)))

    (stored,) = home.records(SITE_TOPIC)
    assert (stored.starts_at, stored.ends_at) == (NOW, None)


@pytest.mark.parametrize(
    ("label", "severity"),
    [("critical", "critical"), ("PAGE", "critical"), ("info", "info"), ("odd", "warning")],
)
async def test_severities_of_others_are_understood(home: House, token: str, label, severity):
    await post(home, token, webhook(told(labels={"alertname": "A", "severity": label})))

    assert home.records(SITE_TOPIC)[0].severity == severity


async def test_the_same_post_again_is_stored_once(home: House, token: str):
    codes = [(await post(home, token, webhook(told(), told()))).status_code for _ in range(3)]

    assert codes == [200, 200, 200]
    assert len(home.records(SITE_TOPIC)) == 1


@pytest.mark.parametrize("at_once", [False, True])
async def test_what_fires_again_after_it_was_over_is_stored_again(
    home: House, token: str, at_once: bool
):
    fires = {"labels": {"alertname": "Door"}}
    over = fires | {"status": "resolved"}
    posts = [[fires, over, fires]] if at_once else [[fires], [over], [fires]]
    for said in posts:
        await post(home, token, said, API)

    assert [one.status for one in home.records(SITE_TOPIC)] == ["firing", "resolved", "firing"]


async def test_two_senders_may_say_the_same(home: House, token: str, tmp_path: Path):
    other = sender_token(tmp_path, "prometheus-2")
    for one in (token, other):
        await post(home, one, webhook(told()))

    senders = [one.sender for one in home.records(SITE_TOPIC)]
    assert senders == ["prometheus-1", "prometheus-2"]


async def test_without_kafka_the_sender_is_asked_to_come_again(home: House, token: str):
    def away(_):
        raise UnavailableError("the broker is away")

    home.broker.trouble = away
    first = await post(home, token, webhook(told()))
    home.broker.trouble = None
    second = await post(home, token, webhook(told()))

    assert (first.status_code, second.status_code) == (503, 200)
    assert first.headers["retry-after"]
    assert len(home.records(SITE_TOPIC)) == 1


@pytest.mark.usefixtures("token")
@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic eDp5", "Bearer"])
async def test_who_has_no_token_is_refused_counted_and_recorded(home: House, header):
    headers = {} if header is None else {"Authorization": header}
    answer = await home.client.post(WEBHOOK, json=webhook(told()), headers=headers)

    assert answer.status_code == 401
    assert home.records(SITE_TOPIC) == []
    assert len(home.records(AUDIT_ENTRY)) == 1


@pytest.mark.parametrize(
    ("said", "path"),
    [
        pytest.param({"version": "3", "alerts": []}, WEBHOOK, id="another version"),
        pytest.param({"version": "4"}, WEBHOOK, id="no alerts"),
        pytest.param([], WEBHOOK, id="no webhook"),
        pytest.param({}, API, id="no list"),
        pytest.param("text", API, id="a text"),
    ],
)
async def test_what_is_no_post_of_alerts_is_refused(home: House, token: str, said, path):
    assert (await post(home, token, said, path)).status_code == 400
    assert home.refused("alerts", "unreadable") == 1


async def test_one_bad_alert_does_not_take_the_others_with_it(home: House, token: str):
    answer = await post(home, token, webhook(told(), {"labels": {}}, told("B", startsAt="soon")))

    assert answer.status_code == 400
    assert "1 alerts are stored, 2 are none: alert 1: labels" in answer.json()["error"]
    assert len(home.records(SITE_TOPIC)) == 1


async def test_too_much_is_refused(tmp_path: Path, token: str):
    async with house(tmp_path, limits=Limits(alerts_per_post=2, alerts_bytes=2000)) as home:
        many = await post(home, token, webhook(*[{"labels": {"a": str(n)}} for n in range(3)]))
        large = await post(home, token, webhook(told(annotations={"x": "x" * 3000})))

    assert (many.status_code, large.status_code) == (413, 413)
    assert "set max_alerts" in many.json()["error"]


async def test_a_sender_that_comes_too_often_has_to_wait(tmp_path: Path, token: str):
    async with house(tmp_path, limits=Limits(posts_per_s=0.5)) as home:
        codes = [(await post(home, token, webhook())).status_code for _ in range(3)]

    assert codes == [200, 429, 429]


def client_of(authority: trustme.CA, name: str | None, trusted: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    trusted.configure_trust(context)
    if name is not None:
        authority.issue_cert(f"{name}.example", common_name=name).configure_cert(context)
    return context


@pytest.mark.parametrize(
    ("name", "ours", "code"),
    [
        pytest.param("prometheus-9", True, 200, id="a sender's"),
        pytest.param(None, True, 401, id="none"),
        pytest.param("prometheus-9", False, None, id="of a stranger"),
    ],
)
async def test_a_client_certificate_names_its_sender(tmp_path: Path, name, ours, code):
    authority, stranger = trustme.CA(), trustme.CA()
    server = authority.issue_cert("127.0.0.1")
    files = [tmp_path / one for one in ("server.pem", "server.key", "ca.pem")]
    files[0].write_bytes(b"".join(one.bytes() for one in server.cert_chain_pems))
    server.private_key_pem.write_to_path(files[1])
    authority.cert_pem.write_to_path(files[2])
    at = Listening("127.0.0.1", 0, *map(str, files))
    context = client_of(authority if ours else stranger, name, authority)
    async with house(tmp_path, at=at, verify=context) as home:
        if code is None:
            with pytest.raises(httpx2.TransportError):
                await home.client.post(WEBHOOK, json=webhook(told()))
        else:
            answer = await home.client.post(WEBHOOK, json=webhook(told()))
            assert answer.status_code == code
        found = [one.sender for one in home.records(SITE_TOPIC)]

    assert found == (["prometheus-9"] if code == 200 else [])
