"""Slack, Teams, webhooks and Apprise: what is posted, and where."""

import hashlib
import hmac
import json

import pytest
from slack_sdk.models.blocks import Block

from plantstream.runtime.errors import MisconfiguredError
from sinks.notify.channels import slack
from sinks.notify.message import TemporaryError
from tests.sinks.notify.channels.conftest import message
from tests.sinks.notify.channels.mailbox import SECRET
from tests.sinks.notify.notifications import WHYS


@pytest.mark.parametrize("why", WHYS)
@pytest.mark.parametrize("language", ["en", "es"])
def test_slacks_own_models_take_every_message(why, language):
    said = slack.payload(message("slack", why, language))

    blocks = Block.parse_all(said["blocks"])
    for block in blocks:
        block.validate_json()
    assert len(blocks) <= 50
    assert blocks[0].type == "header"


async def test_slack_gets_blocks_and_a_text_for_the_phone(channel, provider, monkeypatch):
    monkeypatch.setenv("URL", f"{provider.address}/services/T/B/x")
    await channel(type="slack", url={"env": "URL"}).send(message("slack"), None)

    path, _, body = provider.heard[0]
    assert path == "/services/T/B/x"
    assert json.loads(body)["text"].startswith("🏭 NINU.MX")


async def test_teams_gets_an_adaptive_card(channel, provider, monkeypatch):
    monkeypatch.setenv("URL", f"{provider.address}/workflows/1?sig=2")
    await channel(type="teams", url={"env": "URL"}).send(message("teams"), None)

    (card,) = json.loads(provider.heard[0][2])["attachments"]
    assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert card["content"]["actions"][0]["type"] == "Action.OpenUrl"


async def test_a_webhook_is_signed_and_bears_the_headers_of_the_plant(channel, provider):
    headers = {"X-Plant": "ninu", "Authorization": {"env": "SECRET"}}
    one = channel(
        type="webhook", url=f"{provider.address}/in", headers=headers, hmac={"env": "SECRET"}
    )
    await one.send(message("webhook"), None)

    _, said, body = provider.heard[0]
    expected = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert said["X-Plantstream-Signature"] == f"sha256={expected}"
    assert (said["X-Plant"], said["Authorization"]) == ("ninu", SECRET)
    assert said["Idempotency-Key"] == "n-firing"
    assert json.loads(body)["words"]["title"].startswith("🏭 NINU.MX")


async def test_a_repeat_says_so_and_keeps_its_key(channel, provider):
    one = channel(type="webhook", url=f"{provider.address}/in")
    await one.send(message("webhook"), None)
    await one.send(message("webhook", repeated=True), None)

    first, second = (said for _, said, _ in provider.heard)
    assert first["Idempotency-Key"] == second["Idempotency-Key"]
    assert "X-Plantstream-Repeated" not in first
    assert second["X-Plantstream-Repeated"] == "true"


async def test_apprise_posts_by_its_json_schema(channel, provider, monkeypatch):
    monkeypatch.setenv("URL", provider.address.replace("http://", "json://") + "/in")
    await channel(type="apprise", url={"env": "URL"}).send(message("apprise"), None)

    said = json.loads(provider.heard[0][2])
    assert said["title"] == "🏭 NINU.MX: El reactor A está demasiado caliente"
    assert "Severidad: CRÍTICA" in said["message"]
    assert said["type"] == "failure"


async def test_apprise_that_failed_is_tried_again(channel, provider, monkeypatch):
    provider.default = (500, "no", {})
    monkeypatch.setenv("URL", provider.address.replace("http://", "json://"))

    with pytest.raises(TemporaryError):
        await channel(type="apprise", url={"env": "URL"}).send(message("apprise"), None)


def test_an_address_that_apprise_cannot_read_is_said_without_saying_it(channel, monkeypatch):
    monkeypatch.setenv("URL", "nonsense://s3cret")

    with pytest.raises(MisconfiguredError, match=r"channels\.one\.url") as caught:
        channel(type="apprise", url={"env": "URL"})
    assert "s3cret" not in str(caught.value)
