"""What has changed since windows were first reported, and which late events did it. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from plantstream.commands.oee_sums import Sums, moved, summed
from processors.ratios import ratios

if TYPE_CHECKING:
    from schemas.kpi import OeeReport
    from sinks.timescale.answers import FactsAnswer, LateChange

Document = dict[str, Any]


def since_first_report(answer: "FactsAnswer") -> Document:
    """What was said first, what is known now of the same windows, and the late events between.

    `not_reported` counts windows of machines that no report has closed yet: what was said first of
    them is what was booked in time.
    """
    first = {(one.equipment, one.window): one for one in answer.reports if one.revision == 0}
    in_windows = [one for one in answer.facts if one.window]
    is_open = [one for one in in_windows if (one.equipment, one.window) not in first]
    keys = {(one.equipment, one.window) for one in is_open}
    booked = [one for one in answer.booked if (one.equipment, one.window) in keys]
    then, now = summed([*first.values(), *booked]), summed(in_windows)
    changes = moved(then, now)
    is_told = bool(first or changes)
    return {
        "reported": len(in_windows) - len(is_open),
        "not_reported": len(is_open),
        "first": _told(then) if is_told else None,
        "now": _told(now) if is_told else None,
        "moved": changes,
        "events": _events(answer),
    }


def _told(sums: Sums) -> Document:
    facts = {name: amount for part in sums for name, amount in part.model_dump().items()}
    return asdict(ratios(sums.time, sums.quantities)) | {"facts": facts}


def _events(answer: "FactsAnswer") -> list[Document]:
    """The late events in the order in which they were told; unknown ones last."""
    revisions = _revisions(answer.reports)
    keys = {(one.equipment, one.event) for one in answer.late} | revisions.keys()
    told = []
    for equipment, event in keys:
        changes = [one for one in answer.late if (one.equipment, one.event) == (equipment, event)]
        found = answer.events.get((equipment, event))
        said = {} if found is None else found.said
        told.append(
            {
                "event": event,
                "equipment": equipment,
                "type": None if found is None else found.type,
                "by": said.get("by"),
                "time": None if found is None else _moment(found.time),
                "told_at": None if found is None else _moment(found.ingest_time),
                "reason": said.get("reason"),
                "comment": said.get("comment"),
                **_moved(changes),
                "revisions": revisions.get((equipment, event), []),
            }
        )
    return sorted(told, key=lambda one: (one["told_at"] or "9999", one["equipment"], one["event"]))


def together(events: Iterable[Document]) -> list[Document]:
    """What one person said for one reason, summed up: most often said first."""
    found: dict[tuple[Any, ...], Document] = {}
    for one in events:
        key = tuple(one[name] for name in _KEYS)
        empty: Document = {"machines": set(), "number": 0, "moved": Counter(), "seconds": Counter()}
        told = found.setdefault(key, empty | dict(zip(_KEYS, key, strict=True)))
        told["machines"].add(one["equipment"])
        told["number"] += 1
        told["moved"].update(one["moved"])
        for reason in one["reasons"]:
            told["seconds"][reason["reason"]] += reason["seconds"]
    return sorted(found.values(), key=lambda one: (-one["number"], str(one["reason"])))


_KEYS = ("type", "by", "reason")


def _moved(changes: Iterable["LateChange"]) -> Document:
    amounts: Counter[str] = Counter()
    reasons: Counter[tuple[str, str]] = Counter()
    for change in changes:
        amounts.update({name: n for name, n in change.moved.items() if name != "reasons"})
        for one in change.moved.get("reasons", ()):
            reasons[one["category"], one["reason"]] += one["ms"]
    return {
        "moved": {name: amount for name, amount in amounts.items() if amount},
        "reasons": [
            {"category": category, "reason": reason, "seconds": ms / 1000}
            for (category, reason), ms in sorted(reasons.items())
            if ms
        ],
    }


def _revisions(reports: Iterable["OeeReport"]) -> dict[tuple[str, str], list[Document]]:
    """What each event made of the OEE of the windows it restated, by equipment and event."""
    found: dict[tuple[str, str], list[Document]] = {}
    before: dict[tuple[str, str, datetime], float | None] = {}
    for one in reports:
        key = (one.equipment, one.window, one.start)
        if one.cause is not None:
            found.setdefault((one.equipment, str(one.cause)), []).append(
                {
                    "window": one.window,
                    "revision": one.revision,
                    "oee_before": before.get(key),
                    "oee": one.oee,
                }
            )
        before[key] = one.oee
    return found


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
