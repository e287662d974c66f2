"""What templates of the plant file may name, and what is wrong with one."""

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from schemas.mistakes import did_you_mean

if TYPE_CHECKING:
    from jinja2 import nodes

RULE_FIELDS = frozenset(
    {
        "value", "limit", "unit", "labels", "alertname", "severity", "equipment", "line", "area",
        "site", "source",
    }
)  # fmt: skip
"""Of a rule's texts; `equipment` and `site` are names as people write them."""
WORDS = frozenset(
    {
        "title", "summary", "description", "severity", "area", "equipment", "site", "value",
        "limit", "since", "action", "escalates", "told", "total", "reason", "comment",
        "runbook", "link", "code",
    }
)  # fmt: skip
"""What is said of a notification in the reader's language; the parameters of WhatsApp templates."""
PAYLOAD_FIELDS = WORDS | {
    "id", "group", "why", "at", "recipient", "alerts", "labels", "level", "language", "repeated",
}  # fmt: skip
"""Of the `payload` of a webhook."""

Told = tuple[str, str]
"""A message and a hint."""


def mistakes_in(
    template: str, fields: Collection[str], labels: Collection[str] | None = None
) -> Iterator[Told]:
    """Syntax errors, unknown filters, and names that are no fields.

    Where `labels` are given, `labels.NAME` has to be one of them. Without Jinja, which services
    that tell nobody anything are installed without, there is nothing to say.
    """
    try:
        from jinja2 import TemplateError, TemplateSyntaxError, meta  # noqa: PLC0415 - not everywhere
        from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415
    except ImportError:
        return
    environment = SandboxedEnvironment(autoescape=True)
    try:
        parsed = environment.parse(template)
        environment.compile(template)
    except TemplateSyntaxError as error:
        yield f"not readable as a template: {error.message}", "write fields as {{ value }}"
        return
    except TemplateError as error:
        yield f"not readable as a template: {error}", ""
        return
    for name in sorted(meta.find_undeclared_variables(parsed) - set(fields)):
        hint = did_you_mean(name, fields) or f"there are {', '.join(sorted(fields))}"
        yield f"no such field: {name}", hint
    if labels is None:
        return
    for name in sorted(_labels_in(parsed) - set(labels)):
        hint = "write severity" if name == "severity" else did_you_mean(name, labels)
        yield f"the alert has no label {name}", hint or f"there are {', '.join(sorted(labels))}"


def _labels_in(parsed: "nodes.Template") -> set[str]:
    """Names of `labels.NAME` and `labels["NAME"]`."""
    from jinja2 import nodes  # noqa: PLC0415 - not everywhere

    found = {
        one.attr
        for one in parsed.find_all(nodes.Getattr)
        if isinstance(one.node, nodes.Name) and one.node.name == "labels"
    }
    items = (
        one.arg.value
        for one in parsed.find_all(nodes.Getitem)
        if isinstance(one.node, nodes.Name)
        and one.node.name == "labels"
        and isinstance(one.arg, nodes.Const)
    )
    return {name for name in (*found, *items) if name not in dir(dict)}
