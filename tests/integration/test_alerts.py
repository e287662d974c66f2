"""From a value beyond its limit to the decision to tell somebody, through a real Kafka."""

from datetime import timedelta
from typing import Any

import pytest_asyncio

from schemas.alerts import AlertStatus, AlertTransition, Notification
from schemas.topics import ALERT, ALERT_LATEST, NOTIFICATION
from tests.integration.line import Line
from tests.integration.overheating import Field, hot_plant, instant, of_type, until

READ_LIMIT_S = 60.0
"""The first event of a new site waits for its plant file."""
PROMPT = timedelta(seconds=1.5)
"""Alone on a machine it takes some 50 ms; the limit is for a machine that does more."""


@pytest_asyncio.fixture
async def reactor(line: Line, request: Any) -> Field:
    name = request.node.name.removeprefix("test_").replace("_", "-")[:40].strip("-")
    field = Field(line.kafka, hot_plant(name))
    await field.publish_plant()
    await field.says(temperature=20)
    return field


async def notifications(field: Field) -> list[Notification]:
    return of_type(await field.told(NOTIFICATION), Notification)


async def until_told(field: Field, number: int, limit_s: float = READ_LIMIT_S) -> None:
    async def are_told() -> bool:
        return len(await notifications(field)) >= number

    await until(are_told, limit_s)


async def test_somebody_is_told_at_once_and_somebody_else_when_nobody_answers(reactor: Field):
    hot_at = await reactor.says(temperature=81.5)
    await until_told(reactor, 2)

    first, second = [event for _, event in await reactor.told(NOTIFICATION)]
    assert [first.recipient, first.why, first.severity] == ["ana", "firing", "critical"]
    assert [second.recipient, second.why] == ["luis", "escalated"]
    assert [first.at, second.at] == [hot_at, hot_at + timedelta(seconds=3)]
    (alert,) = of_type(await reactor.told(ALERT), AlertTransition)
    assert [alert.state, alert.value, alert.limit, alert.starts_at] == ["firing", 81.5, 80, hot_at]


async def test_it_takes_moments(reactor: Field):
    await reactor.says(temperature=81)
    await until_told(reactor, 1)
    await reactor.says(temperature=70)
    hot_at = await reactor.says(temperature=82)
    await until_told(reactor, 2)

    taken = [instant(record) - hot_at for record, one in await reactor.told(NOTIFICATION)]
    assert taken[-1] < PROMPT


async def test_what_has_to_hold_is_told_when_it_has_held(reactor: Field):
    high_at = await reactor.says(pressure=6)
    await until_told(reactor, 1)

    ((record, told),) = await reactor.told(NOTIFICATION)
    assert told.at == high_at + timedelta(seconds=3)
    assert instant(record) - told.at < PROMPT


async def test_its_status_is_there_for_everybody(reactor: Field):
    await reactor.says(temperature=81)
    await until_told(reactor, 2)
    await reactor.says(temperature=70)

    async def is_over() -> bool:
        statuses = of_type(await reactor.told(ALERT_LATEST), AlertStatus)
        return any(one.alert.state == "resolved" for one in statuses)

    await until(is_over, READ_LIMIT_S)
    await until_told(reactor, 4)
    told = {(one.recipient, one.why) for one in await notifications(reactor)}
    assert told == {
        ("ana", "firing"),
        ("luis", "escalated"),
        ("ana", "resolved"),
        ("luis", "resolved"),
    }
