"""The page that somebody opens at night: looking changes nothing, one press is one answer."""

import re
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from plantstream.runtime.errors import UnavailableError
from schemas.alerts import Told
from schemas.topics import ALERT_LATEST, AUDIT_ENTRY, OPERATOR
from sinks.notify.web.follow import keep_board
from sinks.notify.web.links import Links
from tests.ingest.kit import MemoryBroker
from tests.parts import eventually
from tests.sinks.notify.web.kit import (
    NOW,
    House,
    MemoryLog,
    alert,
    house,
    running,
    status,
)

LOOKS = 1_000


def nonce_of(page: httpx2.Response) -> str:
    found = re.search(r'name="nonce" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def text_of(page: httpx2.Response) -> str:
    """What a person reads."""
    body = re.sub(r"<style.*?</style>", "", page.text, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


async def press(home: House, link: str, act: str = "acknowledge") -> httpx2.Response:
    nonce = nonce_of(await home.client.get(link))
    return await home.client.post(link, data={"nonce": nonce, "act": act})


async def test_the_page_says_what_where_since_when_and_who_is_next(home: House):
    read = text_of(await home.client.get(home.link("ana")))

    for said in (
        "CRÍTICA",
        "El reactor A está demasiado caliente",
        "reactor · line-1 · hall · Test plant",
        "96.4 °C límite 95 °C",
        "12:34",
        "sáb 21 nov, 07:52:38 CST",
        "Luis Gómez en 03:12",
        "Ana Pérez sms 07:52",
        "Yo me encargo",
        "15 min",
    ):
        assert said in read


async def test_another_reader_reads_another_language_and_zone(home: House):
    page = await home.client.get(home.link("luis"))

    assert '<html lang="en">' in page.text
    assert "Reactor A is too hot" in text_of(page)
    assert "Sat 21 Nov, 13:52:38 UTC" in text_of(page)


async def test_the_page_runs_nothing_loads_nothing_and_is_kept_by_nobody(home: House):
    page = await home.client.get(home.link())

    assert "<script" not in page.text
    assert "og:" not in page.text
    assert not re.search(r"<(img|link|iframe|object)\b", page.text)
    assert re.search(r"<title>(.*)</title>", page.text)[1] == "plantstream"  # type: ignore[index]
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "script" not in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-robots-tag"].startswith("noindex")


async def test_a_press_acknowledges_once_it_is_in_kafka(home: House):
    done = await press(home, home.link())

    (act,) = home.records(OPERATOR)
    assert (act.type, act.by, act.via) == ("acknowledgement", "ana", "link")
    assert (act.fingerprint, act.starts_at) == ("hot", alert().starts_at)
    assert done.status_code == 200
    assert "Listo: usted se encarga." in text_of(done)
    assert "Yo me encargo" not in text_of(done)


async def test_others_see_who_takes_care(home: House):
    await press(home, home.link("ana"))

    read = text_of(await home.client.get(home.link("luis")))
    assert "Ana Pérez takes care of it since" in read
    assert "I take over" in read


async def test_who_takes_care_may_give_it_back(home: House):
    await press(home, home.link())
    done = await press(home, home.link(), "unacknowledge")

    assert [one.type for one in home.records(OPERATOR)] == ["acknowledgement", "unacknowledgement"]
    assert "ya nadie se encarga" in text_of(done)
    assert "Yo me encargo" in text_of(done)


@pytest.mark.parametrize(("act", "minutes"), [("15", 15), ("60", 60), ("240", 240)])
async def test_an_alert_is_quiet_for_as_long_as_was_pressed(home: House, act, minutes):
    done = await press(home, home.link(), act)

    (snoozed,) = home.records(OPERATOR)
    assert (snoozed.type, snoozed.until) == ("snooze", NOW + timedelta(minutes=minutes))
    assert "en silencio hasta" in text_of(done)


async def test_a_bot_that_looks_at_every_link_a_thousand_times_changes_nothing(home: House):
    links = [home.link("ana"), home.link("luis")]
    for number in range(LOOKS):
        page = await home.client.get(links[number % 2])
        assert page.status_code == 200
    await home.client.head(links[0])

    assert home.broker.log == []
    assert home.board.waiting_for("ana")
    assert (await press(home, links[0])).status_code == 200


async def test_a_button_works_once(home: House):
    link = home.link()
    form = {"nonce": nonce_of(await home.client.get(link)), "act": "acknowledge"}
    first = await home.client.post(link, data=form)
    second = await home.client.post(link, data=form)

    assert (first.status_code, second.status_code) == (200, 409)
    assert "Este botón ya se usó." in text_of(second)
    assert "Usted se encarga desde" in text_of(second)
    assert len(home.records(OPERATOR)) == 1
    assert home.refused("link", "used") == 1


async def test_a_button_works_once_after_a_restart_as_well(tmp_path: Path, home: House):
    link = home.link()
    form = {"nonce": nonce_of(await home.client.get(link)), "act": "acknowledge"}
    await home.client.post(link, data=form)
    async with house(tmp_path, broker=home.broker) as again:
        log = MemoryLog(home.broker, (ALERT_LATEST, status()))
        again.board.is_complete = False
        async with running(keep_board(again.board, log)):
            await eventually(lambda: again.board.is_complete)
            second = await again.client.post(link, data=form)

    assert second.status_code == 409
    assert len(home.records(OPERATOR)) == 1


async def test_nothing_is_answered_before_all_is_known_again(home: House):
    home.board.is_complete = False
    page = await home.client.get(home.link())
    home.board.is_complete = True

    assert (page.status_code, page.headers["retry-after"]) == (503, "6")
    assert (await home.client.get(home.link())).status_code == 200


@pytest.mark.parametrize(
    ("link", "code", "reason"),
    [
        pytest.param("/a/nonsense", 403, "forged", id="nonsense"),
        pytest.param("/a/" + "x" * 58, 403, "forged", id="forged"),
    ],
)
async def test_a_forged_link_is_refused_counted_and_recorded(home: House, link, code, reason):
    for method in ("GET", "POST"):
        page = await home.client.request(method, link)
        assert page.status_code == code
        assert "Este enlace no es válido." in text_of(page)

    assert home.refused("link", reason) == 2
    assert home.records(OPERATOR) == []
    entries = home.records(AUDIT_ENTRY)
    assert [one.after["reason"] for one in entries] == [reason, reason]


async def test_a_link_signed_with_another_key_is_forged(home: House):
    known = alert()
    other = Links([b"another key of 32 bytes or more."])
    token = other.sign(known.fingerprint, known.starts_at, "ana", NOW + timedelta(hours=1))

    assert (await home.client.get(f"/a/{token}")).status_code == 403


async def test_an_expired_link_is_refused(home: House):
    link = home.link()
    home.clock.at += timedelta(hours=24)
    page = await home.client.get(link)

    assert page.status_code == 410
    assert "This link has expired." in text_of(page)
    assert home.refused("link", "expired") == 1


async def test_a_button_of_another_recipients_page_is_refused(home: House):
    nonce = nonce_of(await home.client.get(home.link("luis")))
    page = await home.client.post(home.link("ana"), data={"nonce": nonce, "act": "acknowledge"})

    assert page.status_code == 403
    assert home.refused("link", "nonce_forged") == 1
    assert home.records(OPERATOR) == []


async def test_a_page_that_was_open_for_long_gives_a_fresh_button(home: House):
    link = home.link()
    nonce = nonce_of(await home.client.get(link))
    home.clock.at += timedelta(minutes=10)
    page = await home.client.post(link, data={"nonce": nonce, "act": "acknowledge"})

    assert "Pulse otra vez" in text_of(page)
    form = {"nonce": nonce_of(page), "act": "acknowledge"}
    assert (await home.client.post(link, data=form)).status_code == 200


async def test_a_link_of_somebody_who_is_gone_is_refused(home: House):
    assert (await home.client.get(home.link("nobody"))).status_code == 403
    assert home.refused("link", "unknown_recipient") == 1


async def test_of_an_alert_that_is_not_known_yet_nothing_is_shown(home: House):
    page = await home.client.get(home.link(of=alert("new")))

    assert page.status_code == 404
    assert "Try again in a few seconds." in text_of(page)


async def test_what_is_over_has_no_button(home: House):
    link = home.link()
    nonce = nonce_of(await home.client.get(link))
    home.board.note(status(alert(state="resolved", at=NOW), at=NOW))
    page = await home.client.get(link)
    pressed = await home.client.post(link, data={"nonce": nonce, "act": "acknowledge"})

    assert "Ya terminó." in text_of(page)
    assert "<button" not in page.text
    assert pressed.status_code == 409
    assert home.records(OPERATOR) == []


async def test_a_link_to_an_earlier_alert_does_nothing_to_a_later_one(home: House):
    link = home.link()
    home.board.note(status(alert(starts_at=NOW, at=NOW)))
    page = await home.client.get(link)

    assert "tiene su propio enlace" in text_of(page)
    assert "<button" not in page.text


async def test_without_kafka_nothing_is_claimed_and_the_same_button_works_later(home: House):
    def away(_):
        raise UnavailableError("the broker is away")

    link = home.link()
    form = {"nonce": nonce_of(await home.client.get(link)), "act": "acknowledge"}
    home.broker.trouble = away
    failed = await home.client.post(link, data=form)
    home.broker.trouble = None
    done = await home.client.post(link, data=form)

    assert failed.status_code == 503
    assert "Todavía no se pudo guardar." in text_of(failed)
    assert "Yo me encargo" in text_of(failed)
    assert done.status_code == 200
    (act,) = home.records(OPERATOR)
    assert act.id.seq == 0


async def test_a_severity_that_rises_asks_again(home: House):
    await press(home, home.link())
    worse = alert(severity="critical", at=NOW + timedelta(seconds=5))
    home.board.note(status(worse, at=NOW + timedelta(seconds=5)))

    assert "Yo me encargo" in text_of(await home.client.get(home.link()))


async def test_words_of_others_stay_text(home: House):
    bad = "{{ ''.__class__ }}<script>alert(1)</script>"
    home.board.note(status(alert(words={}, labels={"alertname": bad, "x": bad})))
    page = await home.client.get(home.link())

    assert "<script" not in page.text
    assert "{{ &#39;&#39;.__class__ }}&lt;script&gt;" in page.text


async def test_a_runbook_that_is_no_address_is_not_linked(home: House):
    home.board.note(status(alert(runbook_url="javascript:alert(1)")))

    assert "javascript:" not in (await home.client.get(home.link())).text


async def test_a_body_that_is_too_large_is_refused(home: House):
    page = await home.client.post(home.link(), content=b"x" * 20_000)

    assert page.status_code == 413
    assert home.refused("link", "too_large") == 1


@pytest.mark.parametrize("body", [b"", b"act=acknowledge", b"nonce=x&act=explode", b"\xff\xfe"])
async def test_what_is_no_form_of_ours_is_refused(home: House, body):
    assert (await home.client.post(home.link(), content=body)).status_code == 400
    assert home.records(OPERATOR) == []


async def test_who_knocks_a_thousand_times_fills_no_topic(home: House):
    home.office.refusals.most_per_s = 0.001
    for _ in range(100):
        await home.client.get("/a/nonsense")
    home.office.refusals.most_per_s = 1e9
    await home.client.get("/a/nonsense")

    assert home.refused("link", "forged") == 101
    assert [one.after["unrecorded"] for one in home.records(AUDIT_ENTRY)] == [0, 99]


async def test_of_many_who_were_told_the_newest_are_shown(home: House):
    many = tuple(Told(at=NOW, name=f"person-{n}", channel="sms") for n in range(50))
    home.board.note(status(told=many))
    read = text_of(await home.client.get(home.link()))

    assert "person-49" in read
    assert "y 44 antes" in read


async def test_a_fresh_house_takes_the_same_link(tmp_path: Path):
    async with house(tmp_path, status(), broker=MemoryBroker()) as home:
        assert (await home.client.get(home.link("duty"))).status_code == 200
