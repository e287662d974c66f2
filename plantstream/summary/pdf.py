"""A summary as PDF: the same page, laid out by WeasyPrint and tagged for screen readers."""

from typing import NoReturn

from plantstream.runtime.errors import MisconfiguredError
from plantstream.summary.html import as_html
from plantstream.summary.model import Summary

_NEEDED = (
    "PDF needs the extra `report` (pip install 'plantstream[report]') and Pango of the system (on "
    "Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 and a font, such "
    "as fonts-dejavu-core); --format html needs neither"
)


def as_pdf(summary: Summary) -> bytes:
    """The whole document as PDF/UA-1.

    Raises:
        MisconfiguredError: WeasyPrint or a library of the system is not there.
    """
    try:
        from weasyprint import HTML  # noqa: PLC0415 - it loads Pango, which only PDF needs
    except (ImportError, OSError) as error:
        raise MisconfiguredError(f"{_NEEDED}; {error}") from error
    page = HTML(string=as_html(summary), url_fetcher=_nothing)
    return bytes(page.write_pdf(pdf_variant="pdf/ua-1"))


def _nothing(url: str, *_: object, **__: object) -> NoReturn:
    raise ValueError(f"a summary loads nothing, and so not {url}")
