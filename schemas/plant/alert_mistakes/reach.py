"""Whether a receiver reaches somebody: people need addresses for the channels that are used."""

from collections.abc import Iterable, Iterator

from schemas.alerts import SEVERITIES, Severity
from schemas.mistakes import Mistake
from schemas.plant.alert_mistakes.unknown import unknown, unknowns
from schemas.plant.alerts.channels import PERSONAL, address_of
from schemas.plant.alerts.people import Chain, Step
from schemas.plant.alerts.routing import Alerts, Receiver
from schemas.plant.model import Plant
from schemas.yaml_file import Document, Location


def reach_mistakes(plant: Plant, alerts: Alerts, document: Document) -> Iterator[Mistake]:
    """The mistakes in the matrix and in all receivers."""
    of_matrix = list(_in_matrix(alerts.matrix, ("alerts", "matrix"), plant, document))
    yield from of_matrix
    for name, receiver in alerts.receivers.items():
        place: Location = ("alerts", "receivers", name)
        found = list(_in_matrix(receiver.channels, (*place, "channels"), plant, document))
        found += unknown(document, (*place, "chain"), "chain", receiver.chain, plant.chains)
        yield from found
        chain = plant.chains.get(receiver.chain)
        # Whoever cannot be found would seem to have no address.
        if chain is not None and _is_known(chain, plant) and not (found or of_matrix):
            yield from _in_reach(receiver, chain, (place, plant, alerts), document)


def _in_matrix(
    matrix: dict[Severity, list[str]], place: Location, plant: Plant, document: Document
) -> Iterator[Mistake]:
    for severity, names in matrix.items():
        where = (*place, severity)
        yield from unknowns(document, where, "channel", names, plant.channels)
        for index, name in enumerate(names):
            channel = plant.channels.get(name)
            if channel is not None and channel.type not in PERSONAL:
                told = f"{name} ({channel.type}) is nobody's own: people are not told there"
                hint = "name it under endpoints of a step of the chain"
                yield document.mistake((*where, index), told, hint)


def _is_known(chain: Chain, plant: Plant) -> bool:
    """Whether all that its steps name is there."""
    people = {one.id for one in plant.people}
    return people.issuperset(_ids(chain.steps, plant)) and all(
        plant.schedules.keys() >= set(step.schedules)
        and plant.channels.keys() >= set(step.endpoints)
        for step in chain.steps
    )


def _in_reach(
    receiver: Receiver,
    chain: Chain,
    about: tuple[Location, Plant, Alerts],
    document: Document,
) -> Iterator[Mistake]:
    place, plant, alerts = about
    steps = chain.steps if receiver.escalates else chain.steps[:1]
    channels = {
        severity: receiver.channels.get(severity, alerts.matrix.get(severity, []))
        for severity in SEVERITIES
    }
    reached = {
        severity: [_reaches(step, names, plant) for step in steps]
        for severity, names in channels.items()
    }
    if not any(any(steps) for steps in reached.values()):
        told = f"reaches nobody: {_why(steps, _all(channels.values()), plant)}"
        hint = "give people addresses, or name channels for which they have some"
        yield document.mistake((*place, "chain"), told, hint)
        return
    for severity, found in reached.items():
        for index, is_reached in enumerate(found):
            if not is_reached and (channels[severity] or severity == "critical"):
                told = f"at {severity}, steps[{index}] of {receiver.chain} reaches nobody: "
                told += _why([steps[index]], channels[severity], plant)
                hint = "give them an address, or the receiver other channels"
                yield document.mistake((*place, "chain"), told, hint)


def _reaches(step: Step, channels: Iterable[str], plant: Plant) -> bool:
    """Whether somebody of the step is told on one of these channels, or an endpoint is."""
    names = list(channels)
    ids = set(_ids([step], plant))
    people = [person for person in plant.people if person.id in ids]
    return bool(step.endpoints) or any(
        address_of(plant.channels[name], person) for name in names for person in people
    )


def _why(steps: Iterable[Step], channels: Iterable[str], plant: Plant) -> str:
    ids, names = _all([_ids(steps, plant)]), list(channels)
    if not names:
        return "no channels are named for it"
    return f"no address of {', '.join(ids)} for {', '.join(names)}"


def _ids(steps: Iterable[Step], plant: Plant) -> Iterator[str]:
    """The people of the steps, also those who take turns in a schedule."""
    for step in steps:
        yield from step.people
        for name in step.schedules:
            schedule = plant.schedules.get(name)
            for layer in schedule.layers if schedule else ():
                yield from layer.people


def _all(lists: Iterable[Iterable[str]]) -> list[str]:
    """Each once, in order."""
    return list(dict.fromkeys(one for names in lists for one in names))
