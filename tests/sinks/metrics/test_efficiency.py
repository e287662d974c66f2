"""What Prometheus is told of OEE: equipment, lines, the factory; never of what is undefined."""

from typing import Any

import pytest

from processors.ratios import planned_busy_ms as in_the_stream, ratios
from schemas.kpi import OeeReport, Quantities, TimeElements
from schemas.plant.load import load_plant
from sinks.metrics.efficiency import EfficiencyFamily, efficiency, planned_busy_ms
from tests.sinks.metrics.telling import PACKER, PLANT, PRESS, SAID, TEXT, VAT, Told, at

MINUTE_MS = 60_000


def hour(equipment: str, oee: float = 0.5, planned: int = 60, end: float = 0, **more: Any):
    """A rolling hour: all of it runs, and so much of the ideal comes out."""
    time = TimeElements(running_ms=planned * MINUTE_MS) if "time" not in more else more.pop("time")
    ideal_us = int(oee * planned * MINUTE_MS * 1000)
    parts = {"good": 90, "scrap": 10, "ideal_good_us": ideal_us, "ideal_us": ideal_us}
    quantities = Quantities(**{**parts, **more.pop("parts", {})})
    found = ratios(time, quantities)
    return OeeReport(
        **SAID,
        equipment=equipment,
        kind=more.pop("kind", "hour"),
        window="rolling",
        start=at(end - 60),
        end=at(end),
        final=False,
        time=time,
        quantities=quantities,
        availability=found.availability,
        effectiveness=found.effectiveness,
        quality_ratio=found.quality_ratio,
        oee=found.oee,
    )


def told(*reports: OeeReport) -> Told:
    return Told(EfficiencyFamily()).hear(*reports)


def oee(from_: Told, equipment: str = "", line: str = "", after: float = 1) -> float | None:
    labels = {"equipment": equipment, "line": line, "site": "north"}
    return from_.value("overall_equipment_efficiency", after, **labels)


def test_the_factory_is_the_sum_of_its_facts_and_no_mean_of_ratios():
    found = told(hour(VAT, 0.8, planned=60), hour(PRESS, 0.2, planned=20))

    assert oee(found, "vat", "one") == pytest.approx(80)
    assert oee(found, "press", "one") == pytest.approx(20)
    assert oee(found, line="one") == oee(found) == pytest.approx(65)


def test_of_a_line_with_a_constraint_its_figure_is_the_lines():
    found = Told(
        EfficiencyFamily(), load_plant(TEXT + "lines: {one: {constraint: press}}", "plant.yaml")
    ).hear(hour(VAT, 0.8), hour(PRESS, 0.2))

    assert oee(found, line="one") == pytest.approx(20)
    assert oee(found) == pytest.approx(50)


def test_outside_of_planned_time_there_is_no_figure_and_no_0():
    found = told(hour(VAT), hour(PRESS, end=20))
    assert oee(found, after=4) is not None

    assert oee(found, "vat", "one", after=6) is None
    assert oee(found, after=21) == pytest.approx(50)
    assert oee(found, after=26) is None
    assert found.text().count("acme_overall_equipment_efficiency{") == 0


def test_without_an_ideal_cycle_for_all_of_it_there_is_no_figure():
    found = told(hour(VAT, parts={"no_ideal_parts": 1}), hour(PACKER))

    assert oee(found, "vat", "one") is oee(found, line="one") is oee(found) is None
    assert oee(found, "packer", "two") == pytest.approx(50)


def test_sites_are_added_up_exactly_by_their_planned_time():
    reports = [hour(VAT, 0.8, planned=60), hour(PRESS, 0.2, planned=20), hour(PACKER, 0.9)]
    found = told(*reports)
    weighed = planned = 0.0
    for unit, line in (("vat", "one"), ("press", "one"), ("packer", "two")):
        labels = {"equipment": unit, "line": line, "site": "north"}
        weight = found.value("planned_busy_time_seconds", 1, **labels) or 0
        weighed, planned = weighed + weight * (oee(found, unit, line) or 0), planned + weight

    assert weighed / planned == pytest.approx(oee(found))


def test_reactors_and_stations_have_figures_of_their_own():
    lost = TimeElements(running_ms=45 * MINUTE_MS, unplanned_stop_ms=15 * MINUTE_MS)
    found = told(hour(VAT, time=lost), hour(PRESS, oee=0.5), hour(PACKER))

    assert found.value("reactor_utilization_percent", 1, reactor_id="vat") == 75
    assert found.value("station_efficiency_percent", 1, station_id="press") == pytest.approx(50)
    assert found.value("station_quality_pass_rate", 1, station_id="press") == 90
    assert found.value("station_quality_pass_rate", 1, station_id="packer") is None


def test_reports_of_shifts_and_unknown_equipment_change_nothing():
    found = told(hour(VAT, kind="shift"), hour("acme/north/hall/one/ghost"))
    assert oee(found, "vat", "one") is None
    assert "ghost" not in found.text()


def test_the_formulas_are_those_of_the_stream():
    time = TimeElements(
        running_ms=7, minor_stop_ms=5, setup_ms=3, unplanned_stop_ms=11, delay_ms=13,
        unknown_ms=17, excluded_unknown_ms=2, planned_stop_ms=19, not_scheduled_ms=23,
    )  # fmt: skip
    report = hour(VAT, time=time)

    assert planned_busy_ms(time) == in_the_stream(time)
    assert efficiency([report]) == pytest.approx(report.oee)
    assert PLANT.plant.metrics.stations.classes == ["press"]
