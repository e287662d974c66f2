"""Whether the laboratory's figures are true: views and answers against the ledger."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from plantstream.commands.console import messages
from plantstream.commands.stack import Stack
from plantstream.commands.tables import print_columns
from plantstream.runtime import clock
from plantstream.simulator.lab_truth import LabTruth, lab_truth
from plantstream.simulator.ledger import Ledger
from plantstream.simulator.voice import Voice
from schemas.plant.model import Plant
from sinks.timescale.laboratory import StoredLaboratory, stored_laboratory

SETTLED_WITHIN_S = 40.0
LOOK_EVERY_S = 1.0
ENDED_WITHIN = timedelta(seconds=1)
"""Of the true end of a batch."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing as it is told, and as it truly was."""

    about: str
    what: str
    told: Any
    true: Any
    ok: bool


async def judge_laboratory(stack: Stack, ledger: Ledger, plant: Plant, voice: Voice) -> bool:
    """Say whether results, batches, deviations and answers are what the laboratory stated."""
    expected = lab_truth(ledger, plant)
    answers: dict[str, bool | None] = {}
    deadline = clock.monotonic() + SETTLED_WITHIN_S
    await voice.all_stated(SETTLED_WITHIN_S)
    with messages.status("waiting for the last results"):
        while True:
            for name, accepted in expected.answers.items():
                if answers.get(name) is not accepted:
                    answers[name] = await voice.answer(name)
            stored = await stored_laboratory(stack.database)
            found = findings(expected, stored, voice.statements, answers)
            if all(one.ok for one in found) or clock.monotonic() > deadline:
                break
            await asyncio.sleep(LOOK_EVERY_S)
    _tell(expected, found)
    return all(one.ok for one in found)


def findings(
    expected: LabTruth,
    stored: StoredLaboratory,
    statements: Mapping[str, str],
    answers: Mapping[str, bool | None],
) -> list[Finding]:
    """Everything that is told, beside what it has to be."""
    return [
        *_scores(expected, stored),
        *_batches(expected, stored),
        *_deviations(expected, stored, statements),
        *(
            Finding(name, "accepted", answers.get(name), true, answers.get(name) is true)
            for name, true in expected.answers.items()
        ),
    ]


def _scores(expected: LabTruth, stored: StoredLaboratory) -> Iterator[Finding]:
    for product, score in expected.scores.items():
        within, judged = stored.rates.get(product, (0, 0))
        yield Finding(product, "judged", judged, score.judged, judged == score.judged)
        yield Finding(product, "within", within, score.within, within == score.within)


def _batches(expected: LabTruth, stored: StoredLaboratory) -> Iterator[Finding]:
    there = {(one.product, one.batch): one for one in stored.batches}
    for of in sorted(there.keys() | expected.batches.keys()):
        one, true = there.get(of), expected.batches.get(of)
        ended = one.ended_at if one else None
        ok = ended is not None and true is not None and abs(ended - true) <= ENDED_WITHIN
        yield Finding(of[1], "ended", ended, true, ok)
        told, wanted = one.disposition if one else None, expected.dispositions.get(of)
        yield Finding(of[1], "disposition", told, wanted, told == wanted)


def _deviations(
    expected: LabTruth, stored: StoredLaboratory, statements: Mapping[str, str]
) -> Iterator[Finding]:
    wanted = {
        statements.get(name, name): state
        for name, state in expected.deviations.items()
        if state != "closed"
    }
    for result in sorted(stored.open_deviations.keys() | wanted.keys()):
        told, true = stored.open_deviations.get(result), wanted.get(result)
        yield Finding(result, "open deviation", told, true, told == true)
    closed = len(expected.deviations) - len(wanted)
    number = stored.closed_deviations
    yield Finding("all", "closed deviations", number, closed, number == closed)


def _tell(expected: LabTruth, found: list[Finding]) -> None:
    wrong = [one for one in found if not one.ok]
    if wrong:
        messages.print("SQL or the edge's answers differ from what the laboratory stated")
        print_columns(
            {"about": one.about, "what": one.what, "told": str(one.told), "true": str(one.true)}
            for one in wrong
        )
    judged = sum(one.judged for one in expected.scores.values())
    within = sum(one.within for one in expected.scores.values())
    decided = Counter(expected.dispositions.values())
    how = ", ".join(f"{number} {name}" for name, number in sorted(decided.items()))
    refused = sum(not accepted for accepted in expected.answers.values())
    differ = {one.about for one in wrong}
    as_decided = [of for of in expected.dispositions if of[1] not in differ]
    messages.print(
        f"laboratory: {judged} results judged, {within} within; {len(as_decided)} of "
        f"{len(expected.dispositions)} batches released as the laboratory said ({how or 'none'}); "
        f"{len(expected.deviations)} deviations, {expected.open_deviations} open",
        markup=False,
    )
    answered = len(expected.answers) - len(differ & expected.answers.keys())
    messages.print(
        f"{answered} of {len(expected.answers)} statements were answered as they had to be, "
        f"{refused} of them refused; {expected.signatures} are signed",
        markup=False,
    )
