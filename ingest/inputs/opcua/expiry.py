"""Telling people in time that a certificate ends."""

from collections.abc import Callable
from datetime import datetime, timedelta

from cryptography import x509

from ingest.metrics import SourceMeters

WARN_BEFORE = timedelta(days=30)
AGAIN_AFTER = timedelta(days=1)

Warn = Callable[[str, datetime], None]
"""Told with `server` or `own`, and when it ends."""


class ExpiryWatch:
    """The certificates of one source: a metric always, a warning once a day near their end."""

    def __init__(self, meters: SourceMeters, warn: Warn) -> None:
        self._meters = meters
        self._warn = warn
        self._warned: dict[str, datetime] = {}

    def look(self, whose: str, certificate: x509.Certificate, now: datetime) -> None:
        """Report this certificate."""
        ends = certificate.not_valid_after_utc
        self._meters.expires(whose, ends)
        before = self._warned.get(whose)
        if ends - now > WARN_BEFORE or (before is not None and now - before < AGAIN_AFTER):
            return
        self._warned[whose] = now
        self._warn(whose, ends)
