"""Routing and inhibition are what Alertmanager makes of the same configuration."""

import json
import random
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from plantstream.runtime import clock
from processors.dispatch.routes import RoutingTree
from schemas.plant.alerts.routing import RootRoute
from tests.processors.dispatch.site import Site, alert, plant

LABELS = ("team", "area", "tier")
VALUES = ("a", "b", "ab", "")
RECEIVERS = [f"r{number}" for number in range(8)]
READY_S = 20.0
needs_amtool = pytest.mark.skipif(
    shutil.which("amtool") is None, reason="needs amtool of prometheus-alertmanager"
)
needs_alertmanager = pytest.mark.skipif(
    shutil.which("prometheus-alertmanager") is None, reason="needs prometheus-alertmanager"
)


def matcher(chance: random.Random) -> str:
    sign = chance.choice(["=", "=", "!=", "=~", "!~"])
    value = chance.choice(["a|b", "a.*", ".+", "b?"] if "~" in sign else VALUES)
    return f'{chance.choice(LABELS)}{sign}"{value}"'


def route(chance: random.Random, depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "matchers": [matcher(chance) for _ in range(chance.randint(1, 2))],
        "continue": chance.random() < 0.4,
        "routes": [route(chance, depth - 1) for _ in range(chance.randint(0, 3) if depth else 0)],
    }
    if chance.random() < 0.7:
        found["receiver"] = chance.choice(RECEIVERS)
    return found


def label_sets(chance: random.Random, number: int) -> list[dict[str, str]]:
    return [
        {name: value for name in LABELS if (value := chance.choice(VALUES))} for _ in range(number)
    ]


@needs_amtool
@pytest.mark.parametrize("seed", range(12))
def test_alerts_go_to_the_receivers_that_amtool_names(seed, tmp_path):
    chance = random.Random(seed)
    tree = {"receiver": "r0", "routes": [route(chance, 2) for _ in range(4)]}
    config = {"route": tree, "receivers": [{"name": one} for one in RECEIVERS]}
    file = tmp_path / "alertmanager.json"
    file.write_text(json.dumps(config))
    ours = RoutingTree(RootRoute.model_validate(tree))

    for labels in label_sets(chance, 8):
        given = [f"{name}={value}" for name, value in labels.items()]
        command = ["amtool", "config", "routes", "test", f"--config.file={file}", *given]
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
        assert [one.receiver for one in ours.match(labels)] == said.stdout.strip().split(","), (
            labels
        )


def inhibition(chance: random.Random) -> dict[str, Any]:
    return {
        "source": [matcher(chance), 'role=~"source|both"'],
        "target": [matcher(chance), 'role!="source"'],
        "equal": chance.sample(LABELS, chance.randint(0, 2)),
    }


@pytest.fixture
def alertmanager(tmp_path: Path) -> Iterator[Any]:
    """Starts one with a configuration, and gives its address."""
    running: list[subprocess.Popen[bytes]] = []

    def start(config: dict[str, Any]) -> str:
        file = tmp_path / "alertmanager.json"
        file.write_text(json.dumps(config))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        command = [
            "prometheus-alertmanager",
            f"--config.file={file}",
            f"--storage.path={tmp_path}",
            f"--web.listen-address={address}",
            "--cluster.listen-address=",
        ]
        with (tmp_path / "log").open("wb") as log:
            running.append(subprocess.Popen(command, stdout=log, stderr=log))
        url, until = f"http://{address}", time.monotonic() + READY_S
        while True:
            try:
                urllib.request.urlopen(f"{url}/-/ready", timeout=1).close()
            except OSError:
                assert time.monotonic() < until, (tmp_path / "log").read_text()
                time.sleep(0.05)
            else:
                return url

    yield start
    for one in running:
        one.terminate()
        one.wait(10)


@needs_alertmanager
def test_alerts_are_inhibited_where_alertmanager_inhibits_them(alertmanager):
    chance = random.Random(7)
    rules = [inhibition(chance) for _ in range(4)]
    config = {
        "route": {"receiver": "r0"},
        "receivers": [{"name": "r0"}],
        "inhibit_rules": [
            {
                "source_matchers": one["source"],
                "target_matchers": one["target"],
                "equal": one["equal"],
            }
            for one in rules
        ],
    }
    fired = [
        {**labels, "role": chance.choice(["source", "both", "target"]), "number": str(number)}
        for number, labels in enumerate(label_sets(chance, 60))
    ]
    url, now = alertmanager(config), clock.now()
    posted = [
        {
            "labels": {"alertname": "Hot", "severity": "warning", **labels},
            "startsAt": now.isoformat(),
            "endsAt": (now + timedelta(hours=1)).isoformat(),
        }
        for labels in fired
    ]
    request = urllib.request.Request(
        f"{url}/api/v2/alerts",
        data=json.dumps(posted).encode(),
        headers={"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=10).close()
    until = time.monotonic() + READY_S
    theirs: dict[str, bool] = {}
    while len(theirs) < len(fired) or theirs != again(url):
        assert time.monotonic() < until
        theirs = again(url)

    site = Site(plant(alerts={"inhibitions": rules}))
    for one in fired:
        site.tell(alert(0, "firing", "warning", **one))
    ours = {
        one.alert.labels["number"]: bool(one.inhibited) for one in site.state.desk.alerts.values()
    }
    assert ours == theirs
    assert 5 < sum(ours.values()) < len(fired) - 5


def again(url: str) -> dict[str, bool]:
    """Which of its alerts Alertmanager inhibits."""
    with urllib.request.urlopen(f"{url}/api/v2/alerts", timeout=10) as answer:
        found = json.load(answer)
    return {one["labels"]["number"]: bool(one["status"]["inhibitedBy"]) for one in found}
