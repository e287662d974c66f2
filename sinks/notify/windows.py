"""Who wrote to us by WhatsApp within 24 hours: to them free text may be sent, to others templates.

It outlives a restart in a file of the data directory; to lose it costs only the free text.
"""

import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from plantstream.runtime.logs import get_logger
from sinks.notify.web.replies import canonical

FILE = "whatsapp-windows.json"
OPEN_FOR = timedelta(hours=24)
MOST_NUMBERS = 10_000
_log = get_logger(__name__)


class Windows:
    """When each number wrote to us last."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._path, self._now = folder / FILE, now
        self._heard = _read(self._path)

    def heard(self, number: str, at: datetime) -> None:
        """This number wrote to us."""
        name = canonical(number)
        if self._heard.get(name, at) > at:
            return
        since = self._now() - OPEN_FOR
        self._heard = {one: when for one, when in self._heard.items() if when > since}
        if len(self._heard) < MOST_NUMBERS:
            self._heard[name] = at
        self._save()

    def is_open(self, number: str) -> bool:
        """Whether it did within 24 hours."""
        at = self._heard.get(canonical(number))
        return at is not None and self._now() - at < OPEN_FOR

    def _save(self) -> None:
        text = json.dumps({name: at.isoformat() for name, at in self._heard.items()})
        beside = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            beside.touch(0o600)
            beside.write_text(text, encoding="utf-8")
            beside.replace(self._path)
        except OSError as error:
            with suppress(OSError):
                beside.unlink()
            told = "who wrote by WhatsApp is forgotten at the next start: let the file be written"
            _log.warning(told, file=str(self._path), reason=str(error))


def _read(path: Path) -> dict[str, datetime]:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): datetime.fromisoformat(at) for name, at in held.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        _log.warning("who wrote by WhatsApp is not known", file=str(path), reason=str(error))
        return {}
