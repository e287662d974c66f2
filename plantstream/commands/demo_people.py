"""People in the demo: they have tokens, and state things at the edge as with a tablet."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ingest.inputs.lab.tokens import FILE, KIND
from plantstream.commands.console import messages
from plantstream.runtime import clock
from plantstream.runtime.tokens import TokenFile
from plantstream.simulator.crew import PEOPLE
from plantstream.simulator.voice import Voice
from schemas.plant.model import Plant


@asynccontextmanager
async def voice_of(plant: Plant, data_dir: Path, port: int) -> AsyncIterator[Voice | None]:
    """The voice of the plant's people; None where the plant file gives them no place to speak."""
    if not any(source.type == "lab" and source.http for source in plant.sources.values()):
        yield None
        return
    tokens = TokenFile(data_dir / FILE, KIND)
    voice = Voice(
        f"http://127.0.0.1:{port}", {name: tokens.add(name, clock.now()) for name in PEOPLE}
    )
    try:
        yield voice
    finally:
        await voice.close()
        for refused in voice.refused:
            messages.print(f"the edge refused {refused}", markup=False)
