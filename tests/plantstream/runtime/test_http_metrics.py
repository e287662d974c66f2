"""Requests of an application by their route's template; what clients make up becomes no label."""

import httpx2
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from plantstream.runtime.http_metrics import HttpMetrics

TOTAL = "http_requests_total"
DURATION = "http_request_duration_seconds"


async def answer(request: Request) -> Response:
    if request.path_params["batch"] == "broken":
        raise ValueError("nobody thought of this")
    return PlainTextResponse("ok")


def fastapi() -> ASGIApp:
    app = FastAPI()
    app.add_api_route("/batches/{batch}", answer)
    return app


@pytest.mark.parametrize(
    "app",
    [
        pytest.param(Starlette(routes=[Route("/batches/{batch}", answer)]), id="Starlette"),
        pytest.param(fastapi(), id="FastAPI"),
    ],
)
@pytest.mark.parametrize(
    ("method", "path", "route", "told_method", "code"),
    [
        pytest.param("GET", "/batches/B-1", "/batches/{batch}", "GET", 200, id="an answer"),
        pytest.param("PUT", "/batches/B-1", "/batches/{batch}", "PUT", 405, id="a wrong method"),
        pytest.param("GET", "/batches/broken", "/batches/{batch}", "GET", 500, id="a failure"),
        pytest.param("GET", "/made/up", "unmatched", "GET", 404, id="a path that is none"),
        pytest.param("MADEUP", "/made/up", "unmatched", "other", 404, id="a method that is none"),
    ],
)
async def test_a_request_is_counted_and_timed_under_its_template(
    app: ASGIApp, method: str, path: str, route: str, told_method: str, code: int
):
    registry = CollectorRegistry()
    transport = httpx2.ASGITransport(
        HttpMetrics(registry).measured(app, "lab"), raise_app_exceptions=False
    )
    async with httpx2.AsyncClient(transport=transport, base_url="http://plant") as client:
        answered = await client.request(method, path)

    labels = {"service": "lab", "route": route, "method": told_method, "code": str(code)}
    assert answered.status_code == code
    assert registry.get_sample_value(TOTAL, labels) == 1
    assert registry.get_sample_value(f"{DURATION}_count", labels) == 1
    assert registry.get_sample_value(f"{DURATION}_bucket", {**labels, "le": "0.5"}) == 1
    counted = [one for family in registry.collect() for one in family.samples if one.name == TOTAL]
    assert len([one for one in counted if one.value]) == 1


def test_what_may_be_refused_or_fail_is_0_before_anybody_asks():
    registry = CollectorRegistry()
    app = Starlette(routes=[Route("/batches/{batch}", answer, methods=["POST"])])
    HttpMetrics(registry).measured(app, "lab")

    for code in ("401", "403", "500", "503"):
        labels = {"route": "/batches/{batch}", "method": "POST", "code": code, "service": "lab"}
        assert registry.get_sample_value(TOTAL, labels) == 0
