"""What does not fit, told once per thing."""

from datetime import datetime

from processors.oee.book import Book, Found
from schemas.record import EventId

REMEMBERED = 100
"""Things of which it is known that they were told."""
MAX_TEXT = 1000


def tell(
    book: Book,
    kind: str,
    span: tuple[datetime, datetime],
    text: str,
    event: EventId | None = None,
    once: str | None = None,
) -> None:
    """Say it, unless it was said of the same thing (`once`) before."""
    if once is not None:
        name = f"{kind}|{once}"
        if name in book.found:
            return
        book.found = (*book.found, name)[-REMEMBERED:]
    found = Found(kind, *span, text[:MAX_TEXT], event)
    book.news = book.news._replace(findings=(*book.news.findings, found))
