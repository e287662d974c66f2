"""The health check of a container, by a service that starts, is ready, and is gone."""

import asyncio
import socket

import pytest

from plantstream.runtime.probe import is_ready, main
from tests.parts import eventually, free_port
from tests.plantstream.runtime.test_service import service, status


def test_a_container_is_well_once_its_service_is_ready():
    port, other = free_port(), free_port()
    with service("ready", port):
        asyncio.run(eventually(lambda: is_ready(port)))
        assert main([str(other), str(port)]) == 0
    assert main([str(other), str(port)]) == 1


def test_one_that_only_begins_is_not_well():
    port = free_port()
    with service("starting", port):
        asyncio.run(eventually(lambda: _answers(port)))
        assert not is_ready(port)


def test_what_does_not_answer_is_not_waited_for():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not is_ready(silent.getsockname()[1], timeout_s=0.2)


def test_a_port_is_a_number():
    with pytest.raises(ValueError, match="none"):
        main(["none"])


def _answers(port: int) -> bool:
    return status(port, "/live") == 200
