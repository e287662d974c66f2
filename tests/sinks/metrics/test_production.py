"""What Prometheus is told of batches, in whatever order their topics are read."""

from typing import Any

import pytest

from schemas.kpi import OeeReport, Quantities, TimeElements
from schemas.lab import BatchMade
from schemas.quality import BatchRelease
from sinks.metrics.production import ProductionFamily
from tests.sinks.metrics.telling import PRESS, SAID, SITE, VAT, Told, at


def made(batch: str = "B1", end: float | None = 100, **more: Any) -> BatchMade:
    said = SAID | {"site": SITE, "product": "P1", "equipment": VAT, "start": at(0)} | more
    return BatchMade(**said, batch=batch, end=None if end is None else at(end))


def decided(disposition: str | None, batch: str = "B1", **more: Any) -> BatchRelease:
    said = SAID | {"site": SITE, "product": "P1", "disposition": disposition} | more
    return BatchRelease(**said, batch=batch)


def emptied(good: int, batch: str = "B1", **more: Any) -> OeeReport:
    said: dict[str, Any] = {"equipment": VAT, "kind": "batch", "final": True} | more
    window: dict[str, Any] = {"window": batch, "start": at(0), "end": at(100)}
    return OeeReport(
        **SAID, **said, **window, time=TimeElements(), quantities=Quantities(good=good)
    )


def told(*records: Any, is_news: bool = True) -> Told:
    return Told(ProductionFamily()).hear(*records, is_news=is_news)


def produced(found: Told, shift: str = "night", product: str = "P1") -> float | None:
    labels = {"product_type": product, "reactor_id": "vat", "shift": shift}
    return found.value("batches_produced_total", **labels)


def test_every_known_label_set_is_there_before_anything_happens():
    found, both = told(), {"product_type": "P1", "reactor_id": "vat"}

    assert produced(found) == produced(found, "day", "P2") == produced(found, "none") == 0
    assert found.value("batches_completed_total", **both) == 0
    assert found.value("batches_rejected_total", **both) == 0
    assert found.value("batch_cycle_time_minutes_count", **both) == 0
    assert found.value("reactor_batch_duration_minutes_count", reactor_id="vat") == 0
    assert found.value("production_volume_liters_count", product_type="other") == 0


@pytest.mark.parametrize(
    ("end", "shift"),
    [
        pytest.param(100, "night", id="01:40 in the plant"),
        pytest.param(400, "day", id="06:40"),
        pytest.param(900, "none", id="15:00"),
    ],
)
def test_a_batch_counts_once_in_the_shift_in_which_it_ended(end: float, shift: str):
    found = told(made(end=None), made(end=end), made(end=end))
    assert produced(found, shift) == 1


def test_its_time_is_in_its_bucket():
    found = told(made(end=100))
    for name, labels in (
        ("batch_cycle_time_minutes", {"product_type": "P1", "reactor_id": "vat"}),
        ("reactor_batch_duration_minutes", {"reactor_id": "vat"}),
    ):
        assert found.value(f"{name}_bucket", **labels, le="90.0") == 0
        assert found.value(f"{name}_bucket", **labels, le="120.0") == 1
        assert found.value(f"{name}_sum", **labels) == 100


@pytest.mark.parametrize("order", [1, -1], ids=["made, then decided", "decided, then made"])
@pytest.mark.parametrize(
    ("disposition", "name"),
    [("approved", "completed"), ("conditional", "completed"), ("rejected", "rejected")],
)
def test_what_is_decided_of_a_batch_counts_for_its_reactor(disposition: str, name: str, order: int):
    records = [made(), decided(disposition), decided(disposition)][::order]
    labels = {"product_type": "P1", "reactor_id": "vat"}

    found = told(*records)

    for one in ("completed", "rejected"):
        assert found.value(f"batches_{one}_total", **labels) == (one == name)


def test_what_is_held_or_not_decided_counts_for_nothing():
    found = told(made(), decided("held"), decided(None))
    labels = {"product_type": "P1", "reactor_id": "vat"}
    assert found.value("batches_completed_total", **labels) == 0


def test_good_litres_of_a_closed_batch_count_once_by_product():
    found = told(emptied(1000), emptied(1200, revision=1), emptied(500, final=False), made())
    found.hear(emptied(0, "B0"))
    assert found.value("production_volume_liters_count", product_type="other") == 0
    assert found.value("production_volume_liters_sum", product_type="P1") == 1000


def test_what_stood_there_before_and_what_other_equipment_made_moves_nothing():
    found = told(made(), decided("approved"), emptied(5), is_news=False)
    found.hear(made(), made("B2", equipment=PRESS), emptied(7, equipment=PRESS))

    assert produced(found) == 0
    assert found.value("production_volume_liters_count", product_type="P1") == 0


def test_products_that_the_plant_file_does_not_have_make_no_series_of_their_own():
    found = told(*(made(f"B{n}", product=f"x{n}") for n in range(50)))
    found.hear(*(decided("rejected", f"B{n}", product=f"x{n}") for n in range(50)))

    assert produced(found, product="other") == 50
    assert '"x1"' not in found.text()
