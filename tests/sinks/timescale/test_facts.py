"""What is asked for an explanation: places, windows, and what is stored of them."""

from datetime import timedelta

import psycopg
import pytest

from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.settings import DatabaseSettings
from schemas.topics import KPI
from sinks.timescale.answers import FactsQuestion
from sinks.timescale.facts import facts
from sinks.timescale.read import OeeQuestion, oee
from sinks.timescale.writer import TimescaleSink
from tests.sinks.doubles import NOW
from tests.sinks.records import PRESS, batch, cell
from tests.sinks.story import BAD, DRILL, PACKER, SHIFT, tell

pytestmark = pytest.mark.integration


@pytest.fixture
async def told(sink: TimescaleSink, settings: DatabaseSettings) -> DatabaseSettings:
    await tell(sink)
    return settings


async def test_facts_reports_and_late_events_of_a_line(told: DatabaseSettings):
    found = await facts(told, FactsQuestion("line", "one", "shift"))

    assert found.place.machines == (PACKER, PRESS)
    assert [(one.equipment, one.quantities.good) for one in found.facts] == [
        (PACKER, 20_000),
        (PRESS, 14_800),
    ]
    assert [(one.equipment, one.revision) for one in found.reports] == [
        (PACKER, 0),
        (PRESS, 0),
        (PRESS, 1),
        (PRESS, 2),
    ]
    assert {one.event for one in found.late} == {str(BAD), str(DRILL)}
    assert {one.said["by"] for one in found.events.values()} == {"ana", "luis"}
    assert found.constraint == PRESS


@pytest.mark.parametrize("by", ["shift", "day"])
async def test_the_newest_window_unless_another_is_named(
    told: DatabaseSettings, sink: TimescaleSink, by: str
):
    tomorrow = NOW + timedelta(days=1)
    named = {"shift": "2026-03-03/early", "day": tomorrow.date()}
    await sink.write(batch(KPI, [cell(1440, good=7, **named)], begin=16))  # type: ignore[arg-type]

    newest = await facts(told, FactsQuestion("equipment", "press", by))  # type: ignore[arg-type]
    first = await facts(
        told,
        FactsQuestion("equipment", "press", by, SHIFT if by == "shift" else "2026-03-02"),  # type: ignore[arg-type]
    )
    both = await facts(
        told,
        FactsQuestion("equipment", "press", by, None, NOW, tomorrow + timedelta(hours=1)),  # type: ignore[arg-type]
    )

    assert [one.quantities.good for one in newest.facts] == [7]
    assert [one.quantities.good for one in first.facts] == [14_800]
    assert len(both.windows) == 2
    assert sum(one.quantities.good for one in both.facts) == 14_807
    assert len(both.reports) == 3


async def test_an_id_that_two_places_have_asks_for_the_path(
    told: DatabaseSettings, sql: psycopg.Connection
):
    sql.execute(
        "INSERT INTO run_equipment (run, equipment) VALUES ('', 'acme/south/hall/one/mill')"
    )

    with pytest.raises(MisconfiguredError, match="acme/north/hall/one, acme/south/hall/one"):
        await oee(told, OeeQuestion("one", "day", level="line"))
    answer = await oee(told, OeeQuestion("acme/north/hall/one", "day", level="line"))
    assert answer.rows[0]["machines"] == 2
