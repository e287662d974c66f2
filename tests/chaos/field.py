"""The field: twenty presses that count, stand, and get hot, and what they have truly said."""

import asyncio
import json
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from plantstream.runtime import clock
from tests.chaos.plant import MIRRORS, PRESSES, SAMPLED, STATES, topic_of
from tests.ingest.inputs.mqtt.conftest import Publisher

TURN_S = 0.1
"""From one message of a press to its next: 200 messages and 2,000 telemetry samples a second."""
HEAT_TURNS, HOT_TURNS = 25, 15
"""Every so many turns another press gets hot, for so many of them."""
STAND_TURNS, STANDS_FOR = 300, 20
MILLISECOND = timedelta(milliseconds=1)
HOT_C, COLD_C = 90.0, 20.0

Hot = tuple[str, datetime]
"""A press, and since when it is hot."""
State = tuple[str, datetime, str]
"""A press, since when, and the category of its state."""


@dataclass
class Field:
    """What was said: message number `n` of every press at `times[n]`, its parts, its heat."""

    times: list[datetime] = field(default_factory=list)
    made: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PRESSES, 0))
    """Parts of each press by now."""
    parts: list[tuple[int, ...]] = field(default_factory=list)
    """Parts of each press by each number."""
    sums: list[float] = field(default_factory=list)
    """All samples of each number, added up."""
    hot: set[Hot] = field(default_factory=set)
    states: list[State] = field(default_factory=list)
    """Each first state of a press, and each that is not the one before."""
    _state: dict[str, str] = field(default_factory=dict)
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def number(self) -> int:
        """The newest number that every press has said; the first one is 0."""
        return len(self.times) - 1

    def end(self) -> None:
        self._ended.set()

    async def has_said(self, number: int) -> None:
        """Wait until every press has said this number."""
        while True:
            if self.number >= number:
                return
            await asyncio.sleep(TURN_S)

    async def speak(self, port: int) -> None:
        """Say a message of each press each turn, until told to end; the broker has all then."""
        loop = asyncio.get_running_loop()
        with closing(Publisher(port, "presses")) as device:
            due, last = loop.time(), None
            while not self._ended.is_set():
                for topic, message in self._turn():
                    last = device.client.publish(topic, message, 1)
                due = max(due + TURN_S, loop.time() - 1)
                await asyncio.sleep(max(0.0, due - loop.time()))
            if last is not None:
                await asyncio.to_thread(device.wait_for, last.mid)

    def _turn(self) -> list[tuple[str, str]]:
        number, at = len(self.times), _milliseconds(clock.now())
        if self.times:  # Turns that catch up may fall into one millisecond: each has its own.
            at = max(at, self.times[-1] + MILLISECOND)
        said = {press: self._message(press, number, at) for press in PRESSES}
        self.times.append(at)
        self.parts.append(tuple(self.made.values()))
        self.sums.append(sum(one[tag] for one in said.values() for tag in SAMPLED))
        return [(topic_of(press), json.dumps(one)) for press, one in said.items()]

    def _message(self, press: str, number: int, at: datetime) -> dict[str, Any]:
        place = PRESSES.index(press)
        stands = (number + 7 * place) % STAND_TURNS < STANDS_FOR
        # What a counter shows first is where counting begins.
        self.made[press] += number > 0 and not stands
        turn, since = divmod(number, HEAT_TURNS)
        is_hot = turn % len(PRESSES) == place and since < HOT_TURNS and turn > 0
        if is_hot and since == 0:
            self.hot.add((press, at))
        state = "stand" if stands else "run"
        if self._state.get(press) != state:
            self._state[press] = state
            self.states.append((press, at, STATES[state]))
        mirrors = {f"m{mirror}": number + mirror for mirror in range(1, MIRRORS + 1)}
        return {
            "at": at.isoformat(),
            "n": number,
            **mirrors,
            "temperature": HOT_C if is_hot else COLD_C,
            "product": "part",
            "made": self.made[press],
            "state": state,
        }


def _milliseconds(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)
