"""Who may read the pages of a service that others than this machine can reach."""

import httpx2
import pytest
from starlette.types import ASGIApp

from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.http_guard import is_loopback, must_be_guarded
from plantstream.runtime.service import Service, _pages

TOKEN = "0123456789abcdef0123456789abcdef"


def answer(pages: ASGIApp, path: str, shown: str | None = None, method: str = "GET"):
    headers = {} if shown is None else {b"Authorization": shown.encode("utf-8")}
    transport = httpx2.ASGITransport(app=pages)

    async def asked() -> httpx2.Response:
        async with httpx2.AsyncClient(transport=transport, base_url="http://service") as client:
            return await client.request(method, path, headers=headers)

    return asked()


@pytest.mark.parametrize(
    ("path", "shown", "status"),
    [
        pytest.param("/live", None, 200, id="live without a token"),
        pytest.param("/ready", None, 503, id="ready without a token"),
        pytest.param("/metrics", None, 401, id="metrics without a token"),
        pytest.param("/metrics", f"Bearer {TOKEN}", 200, id="metrics with the token"),
        pytest.param("/metrics", f"bearer {TOKEN}", 200, id="the scheme's case is free"),
        pytest.param("/metrics", f"Bearer {TOKEN[:-1]}", 401, id="the token but its end"),
        pytest.param("/metrics", f"Bearer {TOKEN}0", 401, id="the token and more"),
        pytest.param("/metrics", f"Basic {TOKEN}", 401, id="another scheme"),
        pytest.param("/metrics", "Bearer ", 401, id="an empty token"),
        pytest.param("/metrics", "Bearer é", 401, id="no ASCII"),
        pytest.param("/other", None, 401, id="whatever else there may be"),
        pytest.param("/live/../metrics", None, 401, id="metrics by another way"),
    ],
)
async def test_others_show_a_token_for_more_than_how_it_stands(
    path: str, shown: str | None, status: int
):
    pages = _pages(Service("test"), "192.0.2.7", TOKEN)

    got = await answer(pages, path, shown)

    assert got.status_code == status
    assert (got.headers.get("WWW-Authenticate") == "Bearer") is (status == 401)
    assert TOKEN not in got.text


async def test_on_loopback_nobody_needs_one():
    assert (await answer(_pages(Service("a"), "127.0.0.1", TOKEN), "/metrics")).status_code == 200
    assert (await answer(_pages(Service("a"), "127.0.0.1", None), "/metrics")).status_code == 200


@pytest.mark.parametrize("path", ["/live", "/ready", "/metrics"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_its_pages_can_only_be_read(path: str, method: str):
    pages = _pages(Service("test"), "192.0.2.7", TOKEN)

    assert (await answer(pages, path, f"Bearer {TOKEN}", method)).status_code == 405


@pytest.mark.parametrize(
    ("listen", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.5", False),
        ("plant.example", False),
        ("", False),
    ],
)
def test_loopback_is_what_only_this_machine_reaches(listen: str, local: bool):
    assert is_loopback(listen) is local


@pytest.mark.parametrize(
    ("token", "said"),
    [
        pytest.param(None, "PLANTSTREAM_HTTP_TOKEN_FILE", id="none"),
        pytest.param("short", "at least 16", id="a short one"),
        pytest.param("0123456789abcde\nf", "printable", id="one of two lines"),
        pytest.param("0123456789abcdefé", "ASCII", id="one that no header carries"),
    ],
)
def test_without_a_token_that_guards_it_is_refused(token: str | None, said: str):
    must_be_guarded("127.0.0.1", token)
    must_be_guarded("0.0.0.0", TOKEN)

    with pytest.raises(MisconfiguredError, match=said) as refused:
        must_be_guarded("0.0.0.0", token)

    assert token is None or token not in str(refused.value)
