"""A summary as one HTML file: no script, nothing from elsewhere, every value escaped."""

from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from plantstream.summary.model import Summary


def as_html(summary: Summary) -> str:
    """The whole page."""
    page = _templates().get_template("summary.html.j2")
    return page.render(summary=summary, labels=summary.labels, css=_css())


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("plantstream.summary"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _css() -> Markup:
    """Our own file: what stands in it is no text of anybody."""
    found = files("plantstream.summary") / "templates" / "summary.css"
    return Markup(found.read_text(encoding="utf-8"))  # noqa: S704 - see above
