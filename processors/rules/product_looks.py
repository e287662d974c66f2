"""What conditions about a product see: rates, the batch that waits for longest, deviations."""

from processors.ratios import ratio
from processors.rules.pieces import Piece
from processors.rules.sight import UNKNOWN, Seen, Sight, limited
from processors.rules.signals import DEVIATIONS, RELEASE, quality
from processors.rules.times import span
from schemas.plant.alerts.conditions import DeviationOpened, QualityIs, ReleasePending
from schemas.plant.quality import DEVIATION_SEVERITIES


def quality_is(look: Sight, condition: QualityIs, piece: Piece) -> Seen:
    """A rate against its limits, once it stands on enough results or batches."""
    known = look.signals.get(quality(condition.over, piece.members[0]))
    if known is None:
        return UNKNOWN
    within, judged, *batches = known.value
    if condition.quality == "batch_compliance":
        within, judged = batches
    rate = ratio(within, judged) if judged >= condition.minimum else None
    return limited(look, condition, piece, rate)


def release_pending(look: Sight, condition: ReleasePending, piece: Piece) -> Seen:
    """Whether the batch that waits for longest has been waiting for so long."""
    del piece
    known, limit = look.signals.get(RELEASE), condition.release_pending.total_seconds()
    if known is None or not known.value:
        return UNKNOWN if known is None else Seen(False, None, limit, "s")
    since, batch = known.value
    until = since + span(condition.release_pending)
    look.wait_until(until)
    return Seen(look.at >= until, batch, limit, "s")


def deviation_opened(look: Sight, condition: DeviationOpened, piece: Piece) -> Seen:
    """Whether the most severe of the open deviations is at least so severe."""
    del piece
    known = look.signals.get(DEVIATIONS)
    if known is None or not known.value:
        return UNKNOWN if known is None else Seen(False, None, condition.deviation)
    severity, _ = known.value
    least = DEVIATION_SEVERITIES.index(condition.deviation)
    return Seen(severity >= least, DEVIATION_SEVERITIES[severity], condition.deviation)
