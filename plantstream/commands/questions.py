"""Questions to the database: the one that runs, or the embedded one, started for this question."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from plantstream.commands.console import messages
from plantstream.runtime.settings import DatabaseSettings

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Database:
    """Where the database is; with a port it is the embedded one, and only runs for a question."""

    data_dir: Path | None
    embedded_port: int | None = None

    def ask(self, question: Callable[[DatabaseSettings], Awaitable[Answer]]) -> Answer:
        """What the database answers."""
        return asyncio.run(self._ask(question))

    async def _ask(self, question: Callable[[DatabaseSettings], Awaitable[Answer]]) -> Answer:
        from plantstream.commands.connection import database_settings
        from plantstream.embedded.places import default_data_dir

        where = self.data_dir or default_data_dir()
        if self.embedded_port is None:
            return await question(database_settings(where))
        from plantstream.commands.stack import running_database

        async with running_database(where, self.embedded_port, messages.print):
            return await question(DatabaseSettings(port=self.embedded_port))
