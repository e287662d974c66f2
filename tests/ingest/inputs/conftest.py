"""What tests of all inputs need."""

import pytest

from schemas.plant.secrets import Secret


@pytest.fixture
def kept(tmp_path):
    """A secret in a file that its owner alone may read; called again, another one is in it."""

    def keep(word: str) -> Secret:
        file = tmp_path / "word"
        file.touch(mode=0o600)
        file.write_text(f"{word}\n")
        return Secret(file=str(file))

    return keep
