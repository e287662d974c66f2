"""Excursions: what the rules of an equipment forward to the quality of every product."""

from typing import Any

import pytest

from processors.quality.engine import QualityEngine
from schemas.lab import BatchMade, Excursion
from schemas.plant.load import PlantFile, load_plant
from schemas.quality import Deviation
from schemas.topics import LAB
from tests.processors.rules.telling import PATH, SITE, Run, Sayer, at, rule

HOT = "{tag: temperature, above: 80, below: 60, deadband: 2}"
PRODUCTS = "\nproducts: [{id: P1}, {id: P2}]\nquality: {areas: {room: {}}}\n"


def hot(when: str = HOT, deviation: str = "{area: room}", **more: Any) -> PlantFile:
    """The small plant with products, and a rule whose alerts open deviations."""
    text = rule(when, **({"for_": "60s"} | more)).text.rstrip()
    return load_plant(f"{text}\n    deviation: {deviation}{PRODUCTS}", "plant.yaml")


def forwarded(run: Run, product: str = "P1") -> list[Excursion]:
    """What a product was told, the oldest first."""
    found = [one.record for one in run.outputs if isinstance(one.record, Excursion)]
    return [one for one in found if one.product == product]


def seconds(one: Excursion) -> tuple[float, float, float | None, float | None]:
    """Its start, when it fired, its end, and the worst value."""
    start, fired, end = (
        None if moment is None else (moment - at(0)).total_seconds()
        for moment in (one.start, one.fired_at, one.end)
    )
    assert start is not None
    assert fired is not None
    return start, fired, end, one.worst


def hear(plant: PlantFile, *samples: tuple[float, Any], until: float | None = None) -> Run:
    said = Sayer(plant)
    run = Run(plant).hear(*(said.tag(when, value) for when, value in samples))
    return run if until is None else run.tick(until)


def test_it_is_told_to_every_product_when_it_fires_and_when_it_ends():
    run = hear(hot(), (0, 70), (10, 85), (30, 91), (80, 88), (120, 70))

    for product in ("P1", "P2"):
        assert [seconds(one) for one in forwarded(run, product)] == [
            (10, 70, None, 91),
            (10, 70, 120, 91),
        ]
    assert {one.topic for one in run.outputs if isinstance(one.record, Excursion)} == {LAB}
    (name,) = {one.record_id() for one in forwarded(run)}
    assert name.endswith(at(10).isoformat())


def test_it_says_what_the_rule_says():
    (first, _) = forwarded(hear(hot(), (0, 85), (60, 86), (90, 70)))

    assert (first.rule, first.tag, first.unit, first.limit) == ("Hot", "temperature", "°C", 80)
    assert (first.severity, first.area) == ("major", "room")
    assert (first.equipment, first.concerns) == (PATH, PATH)


@pytest.mark.parametrize(
    ("of", "path"),
    [
        pytest.param("equipment", PATH, id="its own"),
        pytest.param("line", f"{SITE}/hall/one", id="those of its line"),
        pytest.param("area", f"{SITE}/hall", id="those of its area"),
    ],
)
def test_it_names_whose_batches_it_concerns_whatever_labels_the_rule_has(of: str, path: str):
    plant = hot(deviation=f"{{batches_of: {of}, severity: critical}}", labels="{area: quality}")

    (found,) = forwarded(hear(plant, (0, 85), until=60))

    assert (found.concerns, found.severity) == (path, "critical")


@pytest.mark.parametrize(
    ("samples", "worst", "limit"),
    [
        pytest.param([(0, 85), (30, 95), (59, 81), (200, 70)], 95, 80, id="the highest"),
        pytest.param([(0, 55), (30, 40), (90, 58), (200, 70)], 40, 60, id="the lowest"),
        pytest.param([(0, 85), (30, 52), (90, 82), (200, 70)], 52, 60, id="of both sides"),
        pytest.param([(0, 85), (90, 99), (200, 70)], 99, 80, id="also after it fired"),
        pytest.param([(0, 85), (90, 79), (200, 70)], 85, 80, id="not what is within by hysteresis"),
    ],
)
def test_the_worst_value_is_the_one_furthest_beyond_its_limit(
    samples: list[tuple[float, Any]], worst: float, limit: float
):
    last = forwarded(hear(hot(), *samples))[-1]

    assert (last.worst, last.limit) == (worst, limit)


def test_the_worst_value_of_the_one_before_is_forgotten():
    samples = [(0, 99), (70, 70), (100, 82), (170, 70)]

    found = [seconds(one) for one in forwarded(hear(hot(), *samples))]

    assert found[2:] == [(100, 160, None, 82), (100, 160, 170, 82)]


def test_one_that_is_over_before_for_is_told_to_nobody():
    assert forwarded(hear(hot(), (0, 85), (30, 70), until=200)) == []


def test_what_comes_late_is_told_by_its_own_time():
    run = hear(hot(), (1000, 70), (10, 85), (70, 90), (80, 70))

    assert [seconds(one) for one in forwarded(run)] == [(10, 70, None, 85), (10, 70, 80, 90)]


@pytest.mark.parametrize("late_at", [1, 30, 49])
@pytest.mark.parametrize("comes", ["while it is pending", "once it fired"])
def test_a_late_value_that_breaks_for_takes_nothing_back(late_at: float, comes: str):
    late, after = (late_at, 70), (70, 87)
    rest = (late, after) if comes == "while it is pending" else (after, late)
    run = hear(hot(), (0, 85), (50, 86), *rest, (100, 70))

    assert [seconds(one) for one in forwarded(run)] == [(0, 60, None, 86), (0, 60, 100, 87)]


def test_a_restart_in_between_changes_nothing():
    plant = hot()
    said = Sayer(plant)
    samples = [said.tag(0, 85), said.tag(30, 99), said.tag(70, 83), said.tag(100, 70)]
    whole = Run(plant).hear(*samples)
    parts = Run(plant)
    for sample in samples:
        parts.hear(sample)
        parts.state = parts.engine.load(f"|{PATH}", parts.engine.dump(parts.state))

    assert forwarded(parts) == forwarded(whole)
    assert len(forwarded(whole)) == 2


def test_it_ends_with_its_rule():
    run = hear(hot(), (0, 85), until=60)
    run.plant = load_plant(rule("{tag: mode, equals: 1}").text + PRODUCTS, "plant.yaml")
    run.hear(Sayer(run.plant, counts={"telemetry": 5}).tag(90, 86))

    assert [seconds(one) for one in forwarded(run)] == [(0, 60, None, 85), (0, 60, 90, 85)]


def test_it_ends_where_its_rule_says_nothing_of_deviations_any_more():
    run = hear(hot(), (0, 85), until=60)
    run.plant = load_plant(rule(HOT, for_="60s").text + PRODUCTS, "plant.yaml")
    said = Sayer(run.plant, counts={"telemetry": 5})
    run.hear(said.tag(90, 70))

    assert [seconds(one) for one in forwarded(run)] == [(0, 60, None, 85), (0, 60, 90, 85)]


def test_a_rule_without_deviation_tells_no_product():
    plant = load_plant(rule(HOT).text + PRODUCTS, "plant.yaml")

    assert forwarded(hear(plant, (0, 85), (30, 70))) == []


def test_from_the_sensor_to_the_deviation_of_the_batch():
    plant, engine = hot(), QualityEngine()
    run = hear(plant, (0, 70), (100, 85), (130, 96), (400, 70))
    made = BatchMade(
        plant_version=plant.version,
        site=SITE,
        product="P1",
        equipment=PATH,
        batch="B-7",
        start=at(0),
    )
    done = engine.advance(engine.load(f"|{SITE}/P1", {}), [*forwarded(run), made], plant)

    (found,) = [one.record for one in done.outputs if isinstance(one.record, Deviation)]

    assert (found.cause, found.batch, found.opened_at) == ("excursion", "B-7", at(160))
    assert found.excursion is not None
    assert (found.excursion.duration_s, found.excursion.worst) == (300.0, 96.0)
