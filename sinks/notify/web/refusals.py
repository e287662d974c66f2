"""What is refused: the answer, the count, and the entry in the audit trail."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from plantstream.runtime import clock
from plantstream.runtime.errors import PlantstreamError
from plantstream.runtime.logs import get_logger
from plantstream.runtime.rate import Bucket, draw
from schemas.audit import AuditEntry
from schemas.topics import AUDIT_ENTRY
from sinks.notify.web.meters import WebMeters
from sinks.notify.web.publishing import Publisher, Saying

MOST_ENTRIES_PER_S = 5.0
"""Whoever knocks a thousand times fills no topic: the next entry says how many it stands for."""
RECORDED_WITHIN_S = 2.0
RETRY_S = 5
_log = get_logger(__name__)


class RefusedError(Exception):
    """The request ends here: `reason` is counted, `status` and `told` are answered."""

    def __init__(
        self, status: int, reason: str, told: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(told)
        self.status = status
        self.reason = reason
        self.told = told
        self.headers = dict(headers or {})


def later(told: str, status: int = 503, wait_s: float = RETRY_S) -> RefusedError:
    """An answer that asks to come again."""
    reason = "too_often" if status == 429 else "not_now"  # noqa: PLR2004 - HTTP's own number
    return RefusedError(status, reason, told, {"Retry-After": str(max(1, round(wait_s + 0.5)))})


@dataclass(slots=True)
class Refusals:
    """Counts refusals and records them; to fail at that makes nothing worse."""

    publisher: Publisher
    meters: WebMeters
    most_per_s: float = MOST_ENTRIES_PER_S
    _bucket: Bucket | None = None
    _left_out: int = 0

    async def record(
        self, way: str, refused: RefusedError, site: str, now: datetime, who: str = "?"
    ) -> None:
        """Somebody was refused on this way; `who` is what they said of themselves."""
        self.meters.refused(way, refused.reason)
        if refused.reason in {"not_now", "too_often"}:
            return
        self._bucket, wait_s = draw(self._bucket, clock.monotonic(), self.most_per_s)
        if wait_s:
            self._left_out += 1
            return
        left_out, self._left_out = self._left_out, 0
        entry = AuditEntry(
            id=secrets.token_hex(16),
            site=site,
            at=now,
            actor="service:notify",
            action="refused",
            subject=f"{way}: {who}"[:500],
            after={"status": refused.status, "reason": refused.reason, "unrecorded": left_out},
            reason=refused.told[:500],
        )
        saying = Saying(AUDIT_ENTRY, site, entry.id, lambda _: entry)
        try:
            await self.publisher.publish([saying], RECORDED_WITHIN_S)
        except PlantstreamError as error:
            _log.warning("a refusal is not recorded", way=way, reason=str(error))
