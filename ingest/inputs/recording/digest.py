"""What makes two replays the same: the bytes of recording, map and plant file."""

import hashlib
from pathlib import Path

EPOCH_DIGITS = 16
RUN_DIGITS = 12


def recording_digest(recording: Path, map_text: str, plant_text: str) -> str:
    """SHA-256 over the three files, in hex."""
    with recording.open("rb") as file:
        parts = [hashlib.file_digest(file, "sha256").digest()]
    parts += [hashlib.sha256(text.encode()).digest() for text in (map_text, plant_text)]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def recording_epoch(digest: str) -> str:
    """The epoch of a spool that replays this."""
    return digest[:EPOCH_DIGITS]


def recording_run(digest: str) -> str:
    """The run's name where nobody gives another."""
    return digest[:RUN_DIGITS]
