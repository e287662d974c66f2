"""Where embedded parts keep what they download and what they store."""

import os
from collections.abc import Mapping
from pathlib import Path


def cache_dir(env: Mapping[str, str] = os.environ) -> Path:
    """The user's cache: everything in it can be deleted and is fetched again."""
    return _base(env, "XDG_CACHE_HOME", ".cache") / "plantstream"


def default_data_dir(env: Mapping[str, str] = os.environ) -> Path:
    """`$PLANTSTREAM_DATA_DIR`, else the user's state directory: topics, tables, logs."""
    chosen = env.get("PLANTSTREAM_DATA_DIR")
    if chosen:
        return Path(chosen).expanduser().absolute()
    return _base(env, "XDG_STATE_HOME", ".local/state") / "plantstream"


def _base(env: Mapping[str, str], variable: str, below_home: str) -> Path:
    chosen = Path(env.get(variable, ""))
    return chosen if chosen.is_absolute() else Path.home() / below_home
