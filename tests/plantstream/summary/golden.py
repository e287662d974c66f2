"""Writes the page with which renderings are compared.

`python -m tests.plantstream.summary.golden`; look at it in a browser before it is committed.
"""

from pathlib import Path

from plantstream.summary.html import as_html
from tests.plantstream.summary.stories import told

PAGE = Path(__file__).parent / "golden.html"

if __name__ == "__main__":
    PAGE.write_text(as_html(told()), encoding="utf-8")
