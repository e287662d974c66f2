"""When the record of a batch may be deleted, and why it is kept until then. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

FINAL = ("approved", "conditional", "rejected")
"""Dispositions after which nothing more is decided."""


class Why(StrEnum):
    """What is to become of a record."""

    HELD = "held"
    REMNANT = "came after its record was deleted"
    NOT_ENDED = "the batch has not ended"
    NOT_DISPOSED = "nobody has decided on the batch"
    DEVIATIONS = "deviations are open"
    NO_PLANT_FILE = "no plant file of the site can be read"
    NOT_DUE = "its time is not over"
    DUE = "its time is over"


_LAST = datetime.max.replace(tzinfo=UTC)

DELETED = frozenset({Why.DUE, Why.REMNANT})


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """What is stored of a batch for one product; '' is what names no product."""

    product: str
    is_open: bool = False
    """An equipment still makes it."""
    ended_at: datetime | None = None
    is_tested: bool = False
    """Something was stated about its quality, or is asked for: a decision is expected."""
    disposition: str | None = None
    open_deviations: int = 0
    last_at: datetime | None = None
    """When something was done or said about it last, its release included."""

    @property
    def is_undecided(self) -> bool:
        """Whether a decision is expected, and none stands that is the last."""
        return self.is_tested and self.disposition not in FINAL


@dataclass(frozen=True, slots=True)
class BatchFacts:
    """All of a batch that decides on its record; products that share its id stay together."""

    site: str
    batch: str
    products: tuple[ProductFacts, ...]
    holds: int = 0
    """That stand."""
    deleted_at: datetime | None = None
    """When its record was deleted last."""

    @property
    def last_at(self) -> datetime | None:
        """When something was done or said about it last."""
        return _latest(one.last_at for one in self.products)


@dataclass(frozen=True, slots=True)
class Policy:
    """How long a site keeps records."""

    after_release: timedelta
    after_expiry: timedelta
    shelf_life: Callable[[str], timedelta | None]
    """Of a product; None: it has none."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to become of a record, and until when it has to be kept, where that is known."""

    site: str
    batch: str
    why: Why
    until: datetime | None = None

    @property
    def is_due(self) -> bool:
        """Whether it is to be deleted."""
        return self.why in DELETED


def verdict(facts: BatchFacts, policies: Mapping[str, Policy], now: datetime) -> Verdict:
    """What is to become of the record of a batch; whatever is in doubt is kept."""
    policy = policies.get(facts.site)
    until = None if policy is None else kept_until(facts, policy)
    return Verdict(facts.site, facts.batch, _why(facts, until, now), until)


def kept_until(facts: BatchFacts, policy: Policy) -> datetime | None:
    """The later of the times after release and after expiry; None: nothing is dated."""
    return _latest(moment for one in facts.products for moment in _ends(one, policy))


def _ends(one: ProductFacts, policy: Policy) -> Sequence[datetime | None]:
    shelf_life = policy.shelf_life(one.product)
    made = one.ended_at or one.last_at
    return (
        _later(one.last_at, policy.after_release),
        _later(made, shelf_life and shelf_life + policy.after_expiry),
    )


def _later(moment: datetime | None, span: timedelta | None) -> datetime | None:
    if moment is None or span is None:
        return None
    return moment + span if moment < _LAST - span else _LAST


def _why(facts: BatchFacts, until: datetime | None, now: datetime) -> Why:
    products = facts.products
    reasons = (
        (facts.holds > 0, Why.HELD),
        (_is_remnant(facts), Why.REMNANT),
        (any(one.is_open for one in products), Why.NOT_ENDED),
        (any(one.is_undecided for one in products), Why.NOT_DISPOSED),
        (any(one.open_deviations for one in products), Why.DEVIATIONS),
        (until is None, Why.NO_PLANT_FILE),
        (until is not None and until > now, Why.NOT_DUE),
    )
    return next((why for is_so, why in reasons if is_so), Why.DUE)


def _is_remnant(facts: BatchFacts) -> bool:
    """Whether its record was deleted, and all that is stored since happened before that."""
    last = facts.last_at
    return facts.deleted_at is not None and last is not None and last <= facts.deleted_at


def _latest(moments: Iterable[datetime | None]) -> datetime | None:
    return max((one for one in moments if one is not None), default=None)
