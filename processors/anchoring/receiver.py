"""A receiver of anchors that is reached by HTTP."""

import asyncio
from http.client import HTTPException
from urllib.error import URLError
from urllib.request import Request, urlopen

from pydantic import SecretStr

from plantstream.runtime.errors import MisconfiguredError, UnavailableError
from schemas.audit import Anchor
from schemas.codec import encode

WITHIN_S = 5.0


class HttpReceiver:
    """Implements `processors.anchoring.anchors.Receiver`: one POST per anchor, one JSON object."""

    def __init__(self, url: str, token: SecretStr | None = None) -> None:
        """An address that begins with https:// or http://.

        Raises:
            MisconfiguredError: it is another one.
        """
        if not url.startswith(("https://", "http://")):
            raise MisconfiguredError(
                f"PLANTSTREAM_AUDIT_ANCHOR_RECEIVER: {url} begins with neither https:// nor http://"
            )
        self._url, self._token = url, token

    async def take(self, anchor: Anchor) -> None:
        """Post it; any answer of the class 2xx says that it is kept."""
        await asyncio.to_thread(self._post, encode(anchor))

    def _post(self, body: bytes) -> None:
        headers = {"Content-Type": "application/json"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        request = Request(self._url, body, headers, method="POST")  # noqa: S310 - looked at above
        try:
            with urlopen(request, timeout=WITHIN_S):  # noqa: S310
                return
        except (URLError, HTTPException, OSError) as error:
            raise UnavailableError(f"{self._url}: {error}") from error
