"""What can be wrong with people, schedules and chains that each value for itself does not show."""

import re
from collections.abc import Iterator
from datetime import timedelta

from schemas.mistakes import Mistake
from schemas.plant.alert_mistakes.unknown import unknown, unknowns
from schemas.plant.alerts.channels import PERSONAL
from schemas.plant.alerts.people import Chain, Person, Schedule, Step
from schemas.plant.alerts.templates import Told
from schemas.plant.model import Plant
from schemas.yaml_file import Document, Location

_DOTTED = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_DOMAIN_PART = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_ADDRESS = re.compile(rf"{_DOTTED}@(?:{_DOMAIN_PART}\.)+{_DOMAIN_PART}")
"""Addresses as mail servers take them; quoted ones and numbers of hosts are not among them."""


def people_mistakes(plant: Plant, document: Document) -> Iterator[Mistake]:
    """The mistakes in people, schedules and chains."""
    yield from _repeated(plant, document)
    for index, person in enumerate(plant.people):
        for key, (told, hint) in _addresses(person):
            yield document.mistake(("people", index, key), told, hint)
    for name, schedule in plant.schedules.items():
        yield from _in_schedule(schedule, ("schedules", name), plant, document)
    for name, chain in plant.chains.items():
        yield from _in_chain(chain, ("chains", name), plant, document)


def number_mistake(number: str) -> Told | None:
    """Why nobody can be called at this number; None where somebody may be.

    Without the library that knows the numbers of all countries there is nothing to say.
    """
    try:
        import phonenumbers  # noqa: PLC0415 - services that tell nobody anything do without
    except ImportError:
        return None
    hint = "write it with +, country and area code, without spaces, such as +522281234567"
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return f"{number} is no telephone number", hint
    if not phonenumbers.is_possible_number(parsed):
        return f"{number} is too short or too long for its country", hint
    if not phonenumbers.is_valid_number(parsed):
        return f"no telephone has the number {number}", hint
    return None


def address_mistake(address: str) -> Told | None:
    """Why no mail server takes this address; None where one may."""
    if _ADDRESS.fullmatch(address):
        return None
    return f"{address} is no e-mail address", "write it as name@example.com"


def _repeated(plant: Plant, document: Document) -> Iterator[Mistake]:
    seen: set[str] = set()
    for index, person in enumerate(plant.people):
        place = ("people", index, "id")
        if person.id in seen:
            yield document.mistake(place, f"{person.id} stands here twice")
        if person.id in plant.channels:
            told = f"a channel is called {person.id}, too"
            yield document.mistake(place, told, "records of who was told could mean either")
        seen.add(person.id)


def _addresses(person: Person) -> Iterator[tuple[str, Told]]:
    """Keys, messages and hints."""
    for key, number in (("phone", person.phone), ("whatsapp", person.whatsapp)):
        found = None if number is None else number_mistake(number)
        if found is not None:
            yield key, found
    found = None if person.email is None else address_mistake(person.email)
    if found is not None:
        yield "email", found


def _in_schedule(
    schedule: Schedule, place: Location, plant: Plant, document: Document
) -> Iterator[Mistake]:
    known = [one.id for one in plant.people]
    for index, layer in enumerate(schedule.layers):
        where = (*place, "layers", index)
        yield from unknowns(document, (*where, "people"), "person", layer.people, known)
        for number, window in enumerate(layer.windows):
            if not window.days:
                yield document.mistake((*where, "windows", number), "is on no day")
    for index, override in enumerate(schedule.overrides):
        where = (*place, "overrides", index, "person")
        yield from unknown(document, where, "person", override.person, known)


def _in_chain(chain: Chain, place: Location, plant: Plant, document: Document) -> Iterator[Mistake]:
    for index, step in enumerate(chain.steps):
        yield from _in_step(step, (*place, "steps", index), plant, document)
    if chain.repeat and not sum((step.wait for step in chain.steps), timedelta()):
        told = "is repeated without any wait: everybody is told again at once"
        yield document.mistake((*place, "repeat"), told, "give the last step a wait")


def _in_step(step: Step, place: Location, plant: Plant, document: Document) -> Iterator[Mistake]:
    known = [one.id for one in plant.people]
    yield from unknowns(document, (*place, "people"), "person", step.people, known)
    where = (*place, "schedules")
    yield from unknowns(document, where, "schedule", step.schedules, plant.schedules)
    where = (*place, "endpoints")
    yield from unknowns(document, where, "channel", step.endpoints, plant.channels)
    for index, name in enumerate(step.endpoints):
        channel = plant.channels.get(name)
        if channel is not None and channel.type in PERSONAL:
            told = f"{name} ({channel.type}) reaches a person, at an address of theirs"
            hint = "name people in the step, and the channel in the matrix or the receiver"
            yield document.mistake((*where, index), told, hint)
