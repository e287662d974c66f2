"""Where embedded parts keep what they download and what they store."""

import os
from collections.abc import Mapping
from pathlib import Path

from plantstream.runtime.places import default_data_dir, user_dir

__all__ = ["cache_dir", "default_data_dir"]


def cache_dir(env: Mapping[str, str] = os.environ) -> Path:
    """The user's cache: everything in it can be deleted and is fetched again."""
    return user_dir(env, "XDG_CACHE_HOME", ".cache") / "plantstream"
