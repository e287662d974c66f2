"""Whether a service is ready, as an exit code: the health check inside its container."""

import http.client
import sys
from collections.abc import Sequence
from http import HTTPStatus

TIMEOUT_S = 5.0


def is_ready(port: int, timeout_s: float = TIMEOUT_S) -> bool:
    """Whether what listens on this port of loopback says that it is ready."""
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
    try:
        asked.request("GET", "/ready")
        return asked.getresponse().status == HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()


def main(ports: Sequence[str]) -> int:
    """0 if one of these ports is ready; a container runs one service, on one of them."""
    return 0 if any(is_ready(int(port)) for port in ports) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
