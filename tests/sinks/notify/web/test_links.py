"""A link counts for one purpose, one alert, one recipient and a while; changed it is forged."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from plantstream.runtime.errors import MisconfiguredError
from sinks.notify.web.keys import FILE, key_file, keys_of
from sinks.notify.web.links import (
    NONCE_HOLDS,
    Link,
    Links,
    Reason,
    RefusedLinkError,
    alert_digest,
    recipient_digest,
)
from tests.sinks.notify.web.kit import KEY, NOW, SINCE

LINKS = Links([KEY])
DAY = timedelta(hours=24)
CHANCE = b"ninebytes"


def token(recipient: str = "ana", links: Links = LINKS) -> str:
    return links.sign("hot", SINCE, recipient, NOW + DAY)


def reason(links: Links, written: str, at: timedelta = timedelta()) -> Reason | None:
    try:
        links.read(written, NOW + at)
    except RefusedLinkError as error:
        return error.reason
    return None


def test_a_link_says_what_was_signed():
    assert LINKS.read(token(), NOW) == Link(
        alert_digest("hot"), SINCE, recipient_digest("ana"), NOW + DAY
    )


def test_a_link_fits_into_an_sms():
    written = LINKS.sign("f" * 100, SINCE, "r" * 100, NOW + DAY)

    assert len(written) == 58


def test_a_moment_is_kept_to_the_microsecond():
    odd = SINCE + timedelta(microseconds=123_457)

    assert LINKS.read(LINKS.sign("hot", odd, "ana", NOW + DAY), NOW).starts_at == odd


def test_a_link_expires():
    assert reason(LINKS, token(), DAY - timedelta(seconds=1)) is None
    assert reason(LINKS, token(), DAY) is Reason.EXPIRED


@given(place=st.integers(0, 56), letter=st.sampled_from("AZaz09-_."))
def test_a_link_with_any_letter_changed_is_forged(place, letter):
    written = token()
    changed = written[:place] + letter + written[place + 1 :]

    assert changed == written or reason(LINKS, changed) is Reason.FORGED


@given(st.text(max_size=300))
def test_whatever_else_is_written_is_forged(written):
    assert reason(LINKS, written) is Reason.FORGED


def test_a_link_for_another_purpose_is_forged():
    other = LINKS.sign("hot", SINCE, "ana", NOW + DAY, purpose="else")

    assert reason(LINKS, other) is Reason.FORGED


def test_old_keys_count_and_the_newest_signs():
    old, new = Links([KEY]), Links([KEY, b"n" * 32])

    assert reason(new, token(links=old)) is None
    assert reason(old, token(links=new)) is Reason.FORGED


def test_a_nonce_counts_for_ten_minutes_and_for_its_own_link():
    ana, luis = LINKS.read(token(), NOW), LINKS.read(token("luis"), NOW)
    nonce = LINKS.nonce(ana, CHANCE, NOW)

    assert LINKS.used_by(nonce, ana, NOW + NONCE_HOLDS - timedelta(seconds=1))
    with pytest.raises(RefusedLinkError, match="expired"):
        LINKS.used_by(nonce, ana, NOW + NONCE_HOLDS)
    with pytest.raises(RefusedLinkError, match="forged"):
        LINKS.used_by(nonce, luis, NOW)


def test_a_nonce_written_another_way_is_remembered_as_the_same():
    link = LINKS.read(token(), NOW)
    nonce = LINKS.nonce(link, CHANCE, NOW)
    names = set()
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        try:
            names.add(LINKS.used_by(nonce[:-1] + letter, link, NOW))
        except RefusedLinkError:
            continue

    assert names == {LINKS.used_by(nonce, link, NOW)}


def test_a_nonce_is_no_link_and_a_link_no_nonce():
    link = LINKS.read(token(), NOW)

    assert reason(LINKS, LINKS.nonce(link, CHANCE, NOW)) is Reason.FORGED
    with pytest.raises(RefusedLinkError, match="forged"):
        LINKS.used_by(token(), link, NOW)


def test_the_key_is_made_once_and_only_we_can_read_it(tmp_path: Path):
    made = key_file(tmp_path / "data")

    assert key_file(tmp_path / "data") == made
    assert (tmp_path / "data" / FILE).stat().st_mode & 0o777 == 0o600
    assert key_file(tmp_path / "other") != made


@pytest.mark.parametrize("text", ["", "\n", "short\n", "x" * 40 + "\nshort"])
def test_what_is_no_secret_is_no_key(text):
    with pytest.raises(MisconfiguredError, match="openssl rand -hex 32"):
        keys_of(text, "alerts.link_keys")
