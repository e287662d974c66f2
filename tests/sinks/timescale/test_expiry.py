"""What is to become of the record of a batch: due, or kept, and why."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from schemas.model import PlantPublished
from sinks.timescale.expiry import BatchFacts, Policy, ProductFacts, Why, kept_until, verdict
from sinks.timescale.policies import policy_of
from tests.sinks.quality_story import FILE

ENDED = datetime(2020, 3, 1, tzinfo=UTC)
RELEASED = ENDED + timedelta(days=2)
YEAR = timedelta(days=366)
SITE = "acme/north"
POLICY = Policy(5 * YEAR, YEAR, {"CREAM": 2 * YEAR, "STONE": 10 * YEAR}.get)
GOOD = ProductFacts(
    "CREAM", ended_at=ENDED, is_tested=True, disposition="approved", last_at=RELEASED
)
UNTESTED = ProductFacts("", ended_at=ENDED, last_at=ENDED)
DUE = RELEASED + 5 * YEAR


def facts(*products: ProductFacts, holds: int = 0, deleted_at: datetime | None = None):
    return BatchFacts(SITE, "B-1", products, holds, deleted_at)


def why(of: BatchFacts, now: datetime = DUE) -> Why:
    return verdict(of, {SITE: POLICY}, now).why


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        pytest.param(facts(GOOD), Why.DUE, id="released and its time is over"),
        pytest.param(facts(replace(GOOD, disposition="rejected")), Why.DUE, id="rejected"),
        pytest.param(facts(UNTESTED), Why.DUE, id="nobody was to decide on it"),
        pytest.param(facts(GOOD, holds=1), Why.HELD, id="held"),
        pytest.param(facts(replace(GOOD, is_open=True)), Why.NOT_ENDED, id="still made"),
        pytest.param(facts(replace(GOOD, disposition=None)), Why.NOT_DISPOSED, id="undecided"),
        pytest.param(facts(replace(GOOD, disposition="held")), Why.NOT_DISPOSED, id="on hold"),
        pytest.param(facts(replace(GOOD, open_deviations=1)), Why.DEVIATIONS, id="deviation"),
        pytest.param(facts(GOOD, replace(GOOD, product="P", disposition=None)),
                     Why.NOT_DISPOSED, id="another product of its id is undecided"),
        pytest.param(facts(GOOD, UNTESTED), Why.DUE, id="cycles that name no product"),
        pytest.param(facts(GOOD, replace(UNTESTED, is_open=True)), Why.NOT_ENDED, id="a cycle"),
        pytest.param(facts(replace(GOOD, last_at=None, ended_at=None)), Why.NO_PLANT_FILE,
                     id="nothing is dated"),
        pytest.param(facts(replace(GOOD, disposition=None), deleted_at=DUE), Why.REMNANT,
                     id="late facts of a deleted record"),
        pytest.param(facts(replace(GOOD, is_open=True), deleted_at=ENDED), Why.NOT_ENDED,
                     id="a new batch of the name of a deleted one"),
        pytest.param(facts(GOOD, holds=1, deleted_at=DUE), Why.HELD, id="late facts, held"),
    ],
)  # fmt: skip
def test_a_record_is_kept_or_due(of: BatchFacts, expected: Why):
    assert why(of) is expected


def test_a_moment_before_its_time_it_is_kept():
    assert why(facts(GOOD), DUE - timedelta(seconds=1)) is Why.NOT_DUE


def test_the_later_of_release_and_expiry_counts():
    assert kept_until(facts(GOOD), POLICY) == DUE
    long_lived = replace(GOOD, product="STONE")
    assert kept_until(facts(GOOD, long_lived), POLICY) == ENDED + 11 * YEAR


def test_what_is_said_late_prolongs_it():
    closed_late = replace(GOOD, last_at=RELEASED + YEAR)
    assert why(facts(closed_late)) is Why.NOT_DUE


def test_a_time_at_the_end_of_calendars_is_no_failure():
    assert why(facts(replace(GOOD, last_at=datetime.max.replace(tzinfo=UTC)))) is Why.NOT_DUE


def test_without_a_plant_file_everything_is_kept():
    assert verdict(facts(GOOD), {}, DUE).why is Why.NO_PLANT_FILE


def published(number: int, text: str) -> PlantPublished:
    return PlantPublished(
        site=SITE,
        plant_version=str(number),
        file="p.yaml",
        text=text,
        published_at=ENDED,
        number=number,
    )


WITH_SHELF_LIFE = FILE.replace("{id: CREAM, tests", "{id: CREAM, shelf_life: 3y, tests")
WITHOUT_CREAM = FILE[: FILE.index("products:")] + "retention: {after_release: 6y, after_expiry: 2y}"


def test_a_product_that_is_made_no_more_keeps_its_shelf_life():
    files = [published(1, FILE), published(2, WITH_SHELF_LIFE), published(3, WITHOUT_CREAM)]
    policy = policy_of(files, DUE)

    assert policy is not None
    assert (policy.after_release, policy.after_expiry) == (6 * YEAR, 2 * YEAR)
    assert policy.shelf_life("CREAM") == 3 * YEAR
    assert policy.shelf_life("never heard of") is None


def test_a_file_in_force_that_cannot_be_read_is_no_policy():
    assert policy_of([published(1, FILE), published(2, "name: 1")], DUE) is None


def test_where_no_file_was_applied_that_of_an_edge_counts():
    policy = policy_of([published(0, FILE)], DUE)
    assert policy is not None
    assert policy.after_release == 5 * YEAR
