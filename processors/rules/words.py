"""What people read of an alert: templates in a sandbox. A label is data and never a template."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from schemas.alerts import Words
from schemas.plant.alerts.rules import LANGUAGES, AlertRule

_SUMMARY, _DESCRIPTION = 2000, 4000
"""Characters."""


def words(rule: AlertRule, fields: Mapping[str, Any]) -> dict[str, Words]:
    """Summary and description of an alert, by language; a text for all is so in each of them."""
    return {
        language: Words(
            summary=_rendered(_in(rule.summary, language), fields)[:_SUMMARY] or rule.alert,
            description=_rendered(_in(rule.description, language), fields)[:_DESCRIPTION],
        )
        for language in _languages(rule)
    }


def shown(value: object) -> object:
    """A value as it is written into a text: numbers short, what is not known as a dash."""
    if value is None:
        return "-"
    if not isinstance(value, float):
        return value
    if value and abs(value) < 0.01:  # noqa: PLR2004 - below this three decimals say nothing
        return f"{value:.3g}"
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _languages(rule: AlertRule) -> list[str]:
    given = rule.summary if isinstance(rule.summary, dict) else LANGUAGES
    return list(given)


def _in(texts: str | Mapping[Any, str], language: str) -> str:
    if isinstance(texts, str):
        return texts
    return texts.get(language) or next(iter(texts.values()), "")


def _rendered(template: str, fields: Mapping[str, Any]) -> str:
    """The text; a template that fails on these values is shown as it is: no alert is lost by it."""
    try:
        return _compiled(template).render(fields)
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError):
        return template


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    # Nothing is escaped here: each channel escapes in its own way.
    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        finalize=shown,
        autoescape=False,
    )


@lru_cache(maxsize=10_000)
def _compiled(template: str) -> Template:
    return _environment().from_string(template)
