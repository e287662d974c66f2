"""Pages as HTML: they load nothing, run nothing, and tell a preview of a link nothing."""

import secrets
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from sinks.notify.web.phrases import BOTH
from sinks.notify.web.view import View

_POLICY = (
    "default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive, nosnippet",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def alert_page(
    view: View,
    nonce: str | None,
    *,
    said: str = "",
    failed: bool = False,
    status: int = 200,
) -> HTMLResponse:
    """One alert; with a nonce it has buttons. `said` is what was just done, or why not."""
    facts = {"view": view, "nonce": nonce, "said": said, "failed": failed}
    return _response("alert.html.j2", view.language, facts, status)


def refusal_page(reason: str, status: int, headers: dict[str, str]) -> HTMLResponse:
    """Why there is nothing to see, in every language."""
    words = BOTH.get(reason, BOTH["other"])
    response = _response("refused.html.j2", "en", {"words": words}, status)
    response.headers.update(headers)
    return response


def _response(
    template: str, language: str, facts: Mapping[str, object], status: int
) -> HTMLResponse:
    style = secrets.token_urlsafe(12)
    body = _templates().get_template(template)
    shown = body.render({**facts, "language": language, "style": style, "css": _css()})
    headers = _HEADERS | {"Content-Security-Policy": _POLICY.format(nonce=style)}
    return HTMLResponse(shown, status, headers | {"Content-Language": language})


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("sinks.notify.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )


@cache
def _css() -> Markup:
    """Our own file: what stands in it is no text of anybody."""
    found = files("sinks.notify.web") / "templates" / "page.css"
    return Markup(found.read_text(encoding="utf-8"))  # noqa: S704 - see above
