"""Where a service keeps what is its own."""

import os
from collections.abc import Mapping
from pathlib import Path


def default_data_dir(env: Mapping[str, str] = os.environ) -> Path:
    """`$PLANTSTREAM_DATA_DIR`, else the user's state directory: topics, tables, logs."""
    chosen = env.get("PLANTSTREAM_DATA_DIR")
    if chosen:
        return Path(chosen).expanduser().absolute()
    return user_dir(env, "XDG_STATE_HOME", ".local/state") / "plantstream"


def user_dir(env: Mapping[str, str], variable: str, below_home: str) -> Path:
    """What this variable says, where it is an absolute path; else the usual folder."""
    chosen = Path(env.get(variable, ""))
    return chosen if chosen.is_absolute() else Path.home() / below_home
