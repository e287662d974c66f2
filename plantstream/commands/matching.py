"""Conditions on labels, as somebody writes them after --match."""

from collections.abc import Sequence

import typer

from schemas.acts import Matcher
from schemas.alerts import AlertStatus
from schemas.plant.alerts.matchers import matcher_of


def matchers_of(given: Sequence[str], option: str = "--match") -> list[Matcher]:
    """The conditions.

    Raises:
        typer.BadParameter: one of them is none.
    """
    try:
        return [matcher_of(one) for one in given]
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


def labels_of(status: AlertStatus) -> dict[str, str]:
    """What conditions look at: the labels, with the severity as it is now."""
    return {**status.alert.labels, "severity": status.alert.severity}
