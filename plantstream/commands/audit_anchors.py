"""Files of anchors: what of them is signed by a key that we know."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import ValidationError

from plantstream.embedded.places import default_data_dir
from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.signing_key import VerifyingKey, public_file, verifying_key
from processors.audit.examine import Finding
from processors.auditor import ANCHORS, KEY
from schemas.audit import Anchor

Judged = tuple[list[Anchor], list[Finding]]


def verified_anchors(
    files: Sequence[Path] | None, keys: Sequence[Path] | None, data_dir: Path | None
) -> Judged:
    """The anchors that may be believed, and what was found wrong with others.

    Raises:
        MisconfiguredError: a file that was named cannot be read.
    """
    home = data_dir or default_data_dir()
    chosen = list(files or ())
    if not chosen and (home / ANCHORS).exists():
        chosen = [home / ANCHORS]
    if not chosen:
        return [], []
    known = {key.id: key for key in map(verifying_key, keys or [public_file(home / KEY)])}
    believed: list[Anchor] = []
    doubted: list[Finding] = []
    for file in chosen:
        for number, line in _lines(file):
            judged = _judged(line, known)
            if isinstance(judged, Anchor):
                believed.append(judged)
            else:
                told = f"{file}:{number}: {judged}"
                doubted.append(Finding("anchor", "", 0, 0, None, told))
    return believed, doubted


def _lines(file: Path) -> Iterator[tuple[int, bytes]]:
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise MisconfiguredError(f"{file} cannot be read: {error.strerror}") from error
    return ((number, line) for number, line in enumerate(lines, 1) if line.strip())


def _judged(line: bytes, keys: dict[str, VerifyingKey]) -> Anchor | str:
    """The anchor, or why it is not believed."""
    try:
        anchor = Anchor.model_validate_json(line)
    except ValidationError:
        return "no anchor: the line was changed, or a crash left it half"
    key = keys.get(anchor.key)
    if key is None:
        return f"signed by another key ({anchor.key[:16]}…): give it with --public-key"
    if not key.verifies(anchor.signature, anchor.signed()):
        return f"the signature does not fit: the anchor of record {anchor.number} was changed"
    return anchor
