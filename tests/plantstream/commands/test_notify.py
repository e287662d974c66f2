"""`notify` refuses what would be open to everybody, before anything is started."""

from pathlib import Path

import pytest

from tests.ingest.kit import PLANT
from tests.plantstream.commands.conftest import Run


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param((), "give one of", id="no plant"),
        pytest.param(("--site", "a/b", "--plant", "{plant}"), "give one of", id="two plants"),
        pytest.param(
            ("--site", "a/b", "--web-listen", "0.0.0.0"), "would be readable", id="without TLS"
        ),
        pytest.param(("--site", "a/b", "--web-key", "k"), "go together", id="a key alone"),
        pytest.param(("--site", "a/b", "--web-client-ca", "c"), "needs", id="authorities alone"),
    ],
)
def test_what_cannot_be_is_told(run: Run, tmp_path: Path, options: tuple[str, ...], said: str):
    file = tmp_path / "plant.yaml"
    file.write_text(PLANT)

    ran = run("notify", *(one.format(plant=file) for one in options))

    assert ran.code == 2
    assert said in " ".join(ran.err.split())
