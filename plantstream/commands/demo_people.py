"""People in the demo: they have tokens, and state and sign things at the edge as with a tablet."""

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from ingest.inputs.lab.tokens import FILE, KIND
from plantstream.commands.console import messages
from plantstream.runtime import clock
from plantstream.runtime.people.factors import hashed, new_secret
from plantstream.runtime.people.file import FILE as PEOPLE_FILE, PeopleFile, Person
from plantstream.runtime.signing_key import SEALING, signing_key
from plantstream.runtime.tokens import TokenFile
from plantstream.simulator.crew import PEOPLE
from plantstream.simulator.laboratory import SIGNERS
from plantstream.simulator.voice import Signer, Voice
from schemas.plant.model import Plant

NAMES: Mapping[str, str] = dict(zip(SIGNERS, ("Eva Gil", "Raúl Ortiz", "Sofía Luna"), strict=True))
"""Printed names of those who sign, by login; all have every role that the plant file asks for."""


@asynccontextmanager
async def voice_of(plant: Plant, data_dir: Path, port: int) -> AsyncIterator[Voice | None]:
    """The voice of the plant's people; None where the plant file gives them no place to speak."""
    if not any(source.type == "lab" and source.http for source in plant.sources.values()):
        yield None
        return
    tokens = TokenFile(data_dir / FILE, KIND)
    voice = Voice(
        f"http://127.0.0.1:{port}",
        {name: tokens.add(name, clock.now()) for name in (*PEOPLE, *SIGNERS)},
        _signers(plant, data_dir),
        plant.site_path(),
    )
    try:
        yield voice
    finally:
        await voice.close()
        for refused in voice.refused:
            messages.print(f"the edge refused {refused}", markup=False)


def seal(data_dir: Path) -> str:
    """The public key of the edge of this data directory, as a plant file names it."""
    lines = signing_key(data_dir / SEALING).verifying.pem().decode().splitlines()
    return "".join(lines[1:-1])


def _signers(plant: Plant, data_dir: Path) -> dict[str, Signer]:
    people = PeopleFile(data_dir / PEOPLE_FILE)
    roles = tuple(sorted(_roles(plant)))
    found = {}
    for login, name in NAMES.items():
        signer = Signer(secrets.token_urlsafe(16), new_secret())
        day = f"{clock.now():%Y-%m-%d}"
        password = hashed(signer.password)
        people.add(Person(login, name, roles, password, signer.secret, day))
        found[login] = signer
    return found


def _roles(plant: Plant) -> set[str]:
    """All that the plant file asks of whoever signs."""
    asked = {role for one in plant.specifications for role in one.release_by}
    rules = plant.quality.signatures
    acts = () if rules is None else (rules.disposition, rules.correction, rules.closing)
    return asked | {role for act in acts if act is not None for role in act.roles}
