"""What somebody sees who has nothing but the page or the PDF."""

import re
import zlib
from dataclasses import dataclass, field
from html.parser import HTMLParser
from importlib import import_module

import pytest


def _has_pango() -> bool:
    try:
        import_module("weasyprint")
    except (ImportError, OSError):
        return False
    return True


needs_pango = pytest.mark.skipif(
    not _has_pango(), reason="WeasyPrint or Pango is not installed, which PDF needs"
)


@dataclass
class Page:
    """The words of a page."""

    verdict: str = ""
    said: list[str] = field(default_factory=list)
    tables: dict[str, list[list[str]]] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self._open: list[str] = []
        self._text: list[str] = []
        self._rows: list[list[str]] = []
        self._is_verdict = False
        self._name = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.page.tags.add(tag)
        if tag in {"caption", "td", "th", "li", "dt", "dd", "h2"}:
            self._text = []
        if tag == "tbody":
            self._rows = self.page.tables.setdefault(self._name, [])
        if tag == "tr":
            self._rows.append([])
        self._is_verdict = self._is_verdict or ("id", "verdict") in attrs

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        told = " ".join(" ".join(self._text).split())
        if tag in {"td", "th"}:
            self._rows[-1].append(told)
        elif tag == "caption":
            self._name, self._rows = told, []
        elif tag == "li":
            self.page.said.append(told)
        elif tag == "dt":
            self._name = told
        elif tag == "dd":
            self.page.facts[self._name] = told
        elif tag == "h2" and self._is_verdict and not self.page.verdict:
            self.page.verdict = told.partition(" ")[2]


def page_of(html: str) -> Page:
    """What stands on the page."""
    reader = _Reader()
    reader.feed(html)
    return reader.page


def text_of_pdf(content: bytes) -> str:
    """The words of a PDF in the order of its lines, by the tables of its fonts."""
    objects = dict(re.findall(rb"(?:^|\n)(\d+) 0 obj\n(.*?)\nendobj", content, re.DOTALL))
    streams = {number: _stream(body) for number, body in objects.items()}
    for number, body in list(objects.items()):
        objects |= _packed(body, streams[number])
    glyphs: dict[bytes, dict[str, str]] = {}
    for font, body in objects.items():
        if found := re.search(rb"/ToUnicode (\d+) 0 R", body):
            glyphs[font] = _glyphs(streams[found[1]])
    names = {
        name: glyphs[font]
        for body in objects.values()
        for name, font in re.findall(rb"/([\w-]+) (\d+) 0 R", body)
        if font in glyphs
    }
    pages = (one for one in streams.values() if b" Tf" in one)
    return " ".join("".join(_shown(one, names)).replace("\n", " ") for one in pages)


def pdf_objects(content: bytes) -> bytes:
    """The document with the objects that are packed in streams laid open."""
    bodies = re.findall(rb"\d+ 0 obj\n(.*?)\nendobj", content, re.DOTALL)
    packed = (one for body in bodies for one in _packed(body, _stream(body)).values())
    return content + b"\n".join(packed) + b"".join(map(_stream, bodies))


def _packed(body: bytes, stream: bytes) -> dict[bytes, bytes]:
    """The objects in a stream of objects."""
    if not re.search(rb"/Type ?/ObjStm", body):
        return {}
    head = int(re.search(rb"/First (\d+)", body)[1])  # type: ignore[index]
    numbers = stream[:head].split()
    starts = [head + int(one) for one in numbers[1::2]]
    ends = [*starts[1:], len(stream)]
    return {
        number: stream[start:end]
        for number, start, end in zip(numbers[::2], starts, ends, strict=True)
    }


def _stream(body: bytes) -> bytes:
    if (found := re.search(rb"stream\r?\n(.*)\r?\nendstream", body, re.DOTALL)) is None:
        return b""
    return zlib.decompress(found[1]) if b"/FlateDecode" in body else found[1]


def _glyphs(cmap: bytes) -> dict[str, str]:
    pairs = re.findall(rb"<([0-9a-fA-F]+)> <([0-9a-fA-F]+)>\n", cmap)
    return {
        glyph.decode().lower(): bytes.fromhex(text.decode()).decode("utf-16-be")
        for glyph, text in pairs
    }


def _shown(page: bytes, names: dict[bytes, dict[str, str]]) -> list[str]:
    found: list[str] = []
    glyphs: dict[str, str] = {}
    for font, shown in re.findall(rb"/([\w-]+) [\d.]+ Tf|\[(.*?)\] ?TJ", page, re.DOTALL):
        if font:
            glyphs = names.get(font, {})
            continue
        for run in re.findall(rb"<([0-9a-fA-F]+)>", shown):
            codes = (run[at : at + 4].decode().lower() for at in range(0, len(run), 4))
            found += (glyphs.get(code, "?") for code in codes)
        found.append(" ")
    return found
