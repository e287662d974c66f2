"""What a rule of Prometheus is, and how a file of them is written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

HEAD = "# Written by `plantstream rules export`: change the plant file, and write it anew.\n"


@dataclass(frozen=True, slots=True)
class Rule:
    """One alert."""

    alert: str
    expr: str
    severity: str
    summary: str
    description: str
    hold: timedelta = timedelta()
    labels: Mapping[str, str] = field(default_factory=dict)


class Recorded(NamedTuple):
    """One recording rule."""

    record: str
    expr: str


def of_services(
    alert: str, expr: str, told: tuple[str, str, str], minutes: float = 0, **labels: str
) -> Rule:
    """A rule of area infrastructure, unless it says another; `told`: severity, and both texts."""
    severity, summary, description = told
    return Rule(
        alert,
        expr,
        severity,
        summary,
        description,
        timedelta(minutes=minutes),
        {"area": "infrastructure", **labels},
    )


def alerts_text(group: str, rules: Sequence[Rule], runbooks: str) -> str:
    """A file with one group of alerts; each names its page under `runbooks`."""
    return _file(group, (line for rule in rules for line in _alert(rule, runbooks)))


def records_text(group: str, rules: Sequence[Recorded]) -> str:
    """A file with one group of recording rules."""
    return _file(
        group,
        (
            line
            for rule in rules
            for line in (f"- record: {rule.record}", f"  expr: {_quoted(rule.expr)}")
        ),
    )


def span(length: timedelta) -> str:
    """A duration as Prometheus writes it."""
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _file(group: str, lines: Iterator[str]) -> str:
    rules = "".join(f"      {line}\n" for line in lines)
    return f"{HEAD}groups:\n  - name: {group}\n    rules:{' []' if not rules else ''}\n{rules}"


def _alert(rule: Rule, runbooks: str) -> Iterator[str]:
    yield f"- alert: {rule.alert}"
    yield f"  expr: {_quoted(rule.expr)}"
    if rule.hold:
        yield f"  for: {span(rule.hold)}"
    yield "  labels:"
    for name, value in {"severity": rule.severity, **rule.labels}.items():
        yield f"    {name}: {_quoted(value)}"
    yield "  annotations:"
    yield f"    summary: {_quoted(rule.summary)}"
    yield f"    description: {_quoted(rule.description)}"
    yield f"    runbook_url: {_quoted(f'{runbooks}/{rule.alert}.md')}"


def _quoted(text: str) -> str:
    """In single quotes of YAML, so that PromQL's double ones stay as they are."""
    return "'" + text.replace("'", "''") + "'"
