"""Where logs go: whatever stderr is when a line is written, not what it was at the start."""

import io
import sys
from typing import TextIO, cast


class _Stderr(io.TextIOBase):
    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def current_stderr() -> TextIO:
    """A file that writes to the stderr of the moment."""
    return cast("TextIO", _Stderr())
