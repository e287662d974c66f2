"""People, and who of them is on call when."""

from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.plant.alerts.rules import Language
from schemas.plant.times import LocalDate, LocalMoment, MinuteOfDay, Span, TimeZone, Weekdays
from schemas.plant.values import Name, Strict

Phone = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")]
"""E.164, such as +522281234567."""
Email = Annotated[
    str, StringConstraints(pattern=r"^[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\"]+$", max_length=254)
]


class Person(Strict):
    """Somebody who can be told something."""

    id: Name
    name: str = Field(min_length=1, max_length=100)
    """As it is printed."""
    language: Language = "en"
    time_zone: TimeZone | None = None
    """Empty is the plant's."""
    email: Email | None = None
    phone: Phone | None = None
    """For SMS, and for WhatsApp unless `whatsapp` says another."""
    whatsapp: Phone | None = None
    accents: bool = False
    """Whether SMS keep accents that halve what fits into one."""


class Window(Strict):
    """Time of the day on some days, in the schedule's time zone; it may cross midnight."""

    days: Weekdays
    start: MinuteOfDay
    end: MinuteOfDay


class Layer(Strict):
    """People who take turns; a later layer is asked where an earlier one has nobody on duty."""

    people: list[Name] = Field(min_length=1, max_length=50)
    """In the order of their turns."""
    turn: Span = timedelta(weeks=1)
    """How long each is on call; whole days, or a part of a day in whole hours."""
    since: LocalMoment
    """Local time at which the first one began; hand-overs are at this time of the day."""
    windows: list[Window] = Field(default_factory=list)
    """Empty is always."""

    @model_validator(mode="after")
    def _turns(self) -> Self:
        hour, day = timedelta(hours=1), timedelta(days=1)
        cut = self.turn % day if self.turn >= day else day % max(self.turn, hour)
        if not self.turn or cut or self.turn % hour:
            raise ValueError(
                "turn is whole days, or a part of a day in whole hours such as 8h or 12h"
            )
        return self


class Override(Strict):
    """Somebody takes over for a while, in the schedule's time zone."""

    person: Name
    start: datetime
    end: datetime

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start.tzinfo is not None or self.end.tzinfo is not None:
            raise ValueError("write local times of the schedule, such as 2026-12-24 08:00")
        if self.end <= self.start:
            raise ValueError("end comes after start")
        return self


class Schedule(Strict):
    """Who is on call; of several layers the first one that has somebody on duty."""

    time_zone: TimeZone | None = None
    """Empty is the plant's."""
    layers: list[Layer] = Field(min_length=1, max_length=10)
    overrides: list[Override] = Field(default_factory=list)
    may_have_holes: bool = False
    """Whether it is meant that at times nobody is on call."""
    until: LocalDate | None = None
    """Nobody is on call from this day on; empty is for ever."""


class Step(Strict):
    """Who is told, and how long is waited for an answer."""

    people: list[Name] = Field(default_factory=list)
    schedules: list[Name] = Field(default_factory=list)
    endpoints: list[Name] = Field(default_factory=list)
    """Channels that are nobody's own, such as a Slack channel or a PagerDuty service."""
    wait: Span = timedelta(minutes=5)
    """Then the next step is taken, unless somebody acknowledges."""

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not (self.people or self.schedules or self.endpoints):
            raise ValueError("a step tells nobody; name people, schedules or endpoints")
        return self


class Chain(Strict):
    """An escalation: step after step until somebody acknowledges or all is well again."""

    steps: list[Step] = Field(min_length=1, max_length=20)
    repeat: int = Field(default=0, ge=0, le=20)
    """So often it begins again after the last step."""
