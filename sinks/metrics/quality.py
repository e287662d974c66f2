"""The family of quality: tests, deviations, alerts, compliance and releases."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from prometheus_client.core import Metric
from pydantic import BaseModel

from schemas.alerts import SEVERITIES, AlertTransition
from schemas.plant.load import PlantFile
from schemas.plant.model import Plant
from schemas.plant.quality import DEVIATION_SEVERITIES
from schemas.quality import BatchRelease, ComplianceReport, Deviation, TestJudged
from schemas.topics import ALERT, QUALITY
from sinks.metrics.family import (
    OTHER,
    Histogram,
    Labels,
    Named,
    Reading,
    Remembered,
    begun,
    count,
    counter,
    gauge,
)

WINDOW = "30d"
"""Of the compliance rate."""
RELEASE_HOURS = (1, 2, 4, 8, 12, 24, 48, 72, 168)
MOST_KNOWN = 200_000
"""So many results, deviations and alerts are told from repeats; the oldest are forgotten first."""
_HOUR = timedelta(hours=1)
_RESULTS: Mapping[str | None, str] = {"pass": "pass", "out_of_trend": "pass", "fail": "fail"}

TESTS = Named(
    "quality_tests",
    "Results judged; one whose verdict changes counts again. Out of trend is within specification.",
    ("test_type", "product_id", "result"),
)
DEVIATIONS = Named(
    "quality_deviations", "Deviations opened, by severity.", ("product_id", "severity")
)
ALERTS = Named(
    "quality_alerts", "Alerts of products that fired, by severity.", ("product_id", "severity")
)
RATE = Named(
    "compliance_rate",
    f"Percent of the results of the last {WINDOW} that are within specification.",
    ("product_id", "compliance_area"),
)
RELEASE = Named("batch_release_time_hours", "From a batch's end to its release.", ("product_id",))
PENDING = Named(
    "batch_pending_release_hours",
    "Since the end of the batch that waits longest for its release; 0 if none does.",
    ("product_id",),
)


class QualityFamily:
    """Follows plant.quality.v1 and alerts of products."""

    reads = (
        Reading(QUALITY, (TestJudged, Deviation, ComplianceReport, BatchRelease)),
        Reading(ALERT, (AlertTransition,)),
    )

    def __init__(self) -> None:
        self._plan = _Plan()
        self._known = Remembered(MOST_KNOWN)
        self._tests: dict[Labels, int] = {}
        self._deviations: dict[Labels, int] = {}
        self._alerts: dict[Labels, int] = {}
        self._rates: dict[Labels, float] = {}
        self._waiting: dict[tuple[str, str], datetime] = {}
        self._releases = Histogram(RELEASE_HOURS)

    def use(self, plant: PlantFile) -> None:
        """Know the names of this plant file: series of others end, and its own begin at 0."""
        plan = self._plan = _Plan(plant.plant)
        severities = (*DEVIATION_SEVERITIES,)
        self._tests = begun(self._tests, plan.tests())
        self._deviations = begun(self._deviations, plan.by_product(severities))
        self._alerts = begun(self._alerts, plan.by_product(SEVERITIES))
        self._releases.begin((product,) for product in (*plan.products, OTHER))

    def take(self, record: BaseModel, *, is_news: bool) -> None:
        """Follow a record; what was known before the exporter first ran moves no counter."""
        match record:
            case TestJudged():
                self._judged(record, is_news)
            case Deviation():
                self._opened(record, is_news)
            case AlertTransition(state="firing") if "product" in record.labels:
                self._fired(record, is_news)
            case ComplianceReport():
                self._rated(record)
            case BatchRelease():
                self._released(record, is_news)
            case _:
                pass

    def metrics(self, prefix: str, now: datetime) -> Iterator[Metric]:
        """All of it, as it is now."""
        yield counter(TESTS, prefix, self._tests)
        yield counter(DEVIATIONS, prefix, self._deviations)
        yield counter(ALERTS, prefix, self._alerts)
        for authority, rates in self._plan.by_authority(self._rates).items():
            yield gauge(RATE._replace(name=authority + RATE.name), prefix, rates)
        yield self._releases.metric(RELEASE, prefix)
        yield gauge(PENDING, prefix, self._pending(now))

    def _judged(self, record: TestJudged, is_news: bool) -> None:
        told = _RESULTS.get(record.outcome, "")
        if self._known.knew(record.record_id(), told) or not told or not is_news:
            return
        product = self._plan.product(record.product)
        count(self._tests, (self._plan.test(record.test, product), product, told))

    def _opened(self, record: Deviation, is_news: bool) -> None:
        told = "" if record.withdrawn else "opened"
        if self._known.knew(record.record_id(), told) or not told or not is_news:
            return
        count(self._deviations, (self._plan.product(record.product), record.severity))

    def _fired(self, record: AlertTransition, is_news: bool) -> None:
        if not self._known.knew(record.record_id(), "fired") and is_news:
            product = self._plan.product(record.labels["product"])
            count(self._alerts, (product, record.severity))

    def _rated(self, record: ComplianceReport) -> None:
        if record.window != WINDOW or record.area is None or record.test is not None:
            return
        labels = (record.product, record.area)
        self._rates.pop(labels, None)
        if record.compliance_rate is not None:
            self._rates[labels] = 100 * record.compliance_rate

    def _released(self, record: BatchRelease, is_news: bool) -> None:
        batch = (record.product, record.batch)
        self._waiting.pop(batch, None)
        if record.ended_at is not None and record.disposition in {None, "held"}:
            self._waiting[batch] = record.ended_at
        hours = record.release_time_h
        told = "" if hours is None else "released"
        if hours is not None and not self._known.knew(record.record_id(), told) and is_news:
            self._releases.observe((self._plan.product(record.product),), hours)

    def _pending(self, now: datetime) -> dict[Labels, float]:
        oldest: dict[Labels, float] = {(product,): 0.0 for product in self._plan.products}
        for (product, _), ended_at in self._waiting.items():
            labels = (self._plan.product(product),)
            oldest[labels] = max(oldest.get(labels, 0.0), (now - ended_at) / _HOUR)
        return oldest


class _Plan:
    """The names that labels may have."""

    def __init__(self, plant: Plant | None = None) -> None:
        self.products = tuple(one.id for one in plant.products) if plant else ()
        specifications = plant.specifications if plant else []
        self._of_tests = {(one.test, name) for one in specifications for name in one.products}
        areas = plant.quality.areas if plant else {}
        self._authorities = {name: slug(area.authority) for name, area in areas.items()}

    def tests(self) -> Iterator[Labels]:
        """Tests and products that belong together, and others, with each result."""
        others = [(OTHER, product) for product in (*self.products, OTHER)]
        for test, product in (*self._of_tests, *others):
            for result in ("pass", "fail"):
                yield test, product, result

    def by_product(self, names: Iterable[str]) -> list[Labels]:
        """Each product with each of these names."""
        listed = tuple(names)
        return [(product, name) for product in (*self.products, OTHER) for name in listed]

    def by_authority(self, rates: Mapping[Labels, float]) -> Mapping[str, Mapping[Labels, float]]:
        """Rates of areas by what the names of their authorities begin with."""
        found: dict[str, dict[Labels, float]] = {
            slug: {} for slug in sorted(set(self._authorities.values()))
        }
        for (product, area), rate in rates.items():
            if product in self.products and area in self._authorities:
                found[self._authorities[area]][product, area] = rate
        return found

    def product(self, name: str) -> str:
        """The label of this product."""
        return name if name in self.products else OTHER

    def test(self, name: str, product: str) -> str:
        """The label of this test of this product."""
        return name if (name, product) in self._of_tests else OTHER


def slug(authority: str) -> str:
    """What a metric's name begins with: `cofepris_`, or nothing."""
    found = re.sub(r"[^a-z0-9]+", "_", authority.casefold()).strip("_")
    return f"{found}_" if found else ""
