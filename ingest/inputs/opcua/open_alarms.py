"""Which alarms of a server were told and have not ended: all that a restarted edge has to know."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Self

from ingest.input import Alarm, Told

MOST_OPEN = 1_000
"""Those that came last; an older one that is still on is told once more after a restart."""


class OpenAlarms:
    """The alarms that are on disk as open, by condition; their dump is the input's position."""

    def __init__(self, alarms: Iterable[Alarm] = ()) -> None:
        self._alarms = {one.condition: one for one in alarms}

    @classmethod
    def load(cls, position: str | None) -> Self:
        """What `dump` wrote."""
        rows = json.loads(position or "[]")
        return cls(Alarm(**row | {"at": datetime.fromisoformat(row["at"])}) for row in rows)

    def __iter__(self) -> Iterator[Alarm]:
        return iter(self._alarms.values())

    def dump(self) -> str:
        """As text that `load` reads."""
        alarms = self._alarms.values()
        return json.dumps([asdict(one) | {"at": one.at.isoformat()} for one in alarms])

    def after(self, told: Iterable[Told]) -> str | None:
        """The position after these; None if they say nothing of alarms."""
        alarms = [one for one in told if isinstance(one, Alarm)]
        for one in alarms:
            self._alarms.pop(one.condition, None)
            if one.retained or one.active:
                self._alarms[one.condition] = one
        for condition in list(self._alarms)[:-MOST_OPEN]:
            del self._alarms[condition]
        return self.dump() if alarms else None
