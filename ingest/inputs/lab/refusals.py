"""What the interface refused, as entries of the audit trail: nothing that was said is lost."""

from collections.abc import Mapping
from datetime import datetime

from ingest.input import Stated
from ingest.inputs.lab.answers import AnswerError
from ingest.inputs.lab.bodies import Event
from ingest.inputs.lab.desk import Group, Item
from schemas.audit import AuditEntry
from schemas.plant.model import Plant
from schemas.topics import AUDIT_ENTRY

MOST_KEPT = 20
"""Events of one request that an entry holds."""
MOST_BYTES = 4_000
"""Of an event in an entry, as JSON text; of a longer one its beginning is kept."""
_REASON = 2_000
"""Characters."""


def refused(
    plant: Plant, by: str, events: Mapping[int, Event], error: AnswerError, now: datetime
) -> Group:
    """The entry about a request that was refused, with what was said in it."""
    wrong = sorted({number for number, _ in error.mistakes})
    raws = (events[number].raw[:MOST_BYTES] for number in wrong[:MOST_KEPT])
    said = [raw.decode(errors="replace") for raw in raws]
    site = plant.site_path()
    fields = {
        "site": site,
        "actor": by,
        "action": "lab.refused",
        "subject": events[wrong[0]].statement,
        "after": {"refused": len(events), "said": said},
        "reason": "; ".join(f"{one.field}: {one.reason}" for _, one in error.mistakes)[:_REASON],
    }
    return Group((Item(Stated(AUDIT_ENTRY.name, site, AuditEntry, now, fields), None),))
