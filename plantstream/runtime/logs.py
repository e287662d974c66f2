"""What services log: one JSON object per line on stderr, or text for a person at a terminal."""

import logging
import math
import sys
from typing import TYPE_CHECKING, Any

import structlog

from plantstream.runtime.stderr import current_stderr

if TYPE_CHECKING:
    from plantstream.runtime.settings import LogSettings

_TALKATIVE = ("asyncua",)
"""Libraries that warn of what we handle and tell ourselves, such as a server that went away."""
REPEATED_AFTER_S = 10.0
"""What a library says again and again is told so often: while a broker is away, a driver says the
same hundreds of times a second."""
_KINDS = 1000
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def get_logger(name: str = "") -> Any:
    """The log of a module. Where nobody has said what becomes of it, stdout stays free for data."""
    if not structlog.is_configured():
        quiet_logs()
    return structlog.get_logger(name)


def configure_logs(settings: "LogSettings") -> None:
    """Let this process log; what libraries say through `logging` becomes a line of the same kind.

    Of libraries, warnings and worse are told.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer = _renderer(settings)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[settings.level]),
        logger_factory=structlog.PrintLoggerFactory(current_stderr()),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(current_stderr())
    handler.setLevel(logging.WARNING)
    handler.addFilter(Repeats())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.ERROR)


class Repeats(logging.Filter):
    """Lets through what was not said lately, with how often it was said since it was told last."""

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to tell this one; what differs in its values only is the same.

        What comes with a traceback is told each time.
        """
        if record.exc_info:
            return True
        kind = record.name, str(record.msg)
        told_at, repeats = self._told.get(kind, (-math.inf, 0))
        if 0 <= record.created - told_at < REPEATED_AFTER_S:
            self._told[kind] = told_at, repeats + 1
            return False
        if len(self._told) >= _KINDS:
            self._told.clear()
        self._told[kind] = record.created, 0
        if repeats:
            text = f"{record.getMessage()} (and {repeats} times since it was told last)"
            record.msg, record.args = text, None
        return True


def quiet_logs() -> None:
    """In a command for people, only warnings and errors of the machinery are shown, on stderr."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(current_stderr()),
    )
    handler = logging.StreamHandler(current_stderr())
    handler.setLevel(logging.ERROR)
    logging.basicConfig(level=logging.ERROR, handlers=[handler])


def _renderer(settings: "LogSettings") -> Any:
    on_terminal = settings.format == "auto" and sys.stderr.isatty()
    if settings.format == "text" or on_terminal:
        return structlog.dev.ConsoleRenderer(colors=on_terminal)
    return structlog.processors.JSONRenderer()
