"""What a laboratory source would take, for a dry run: nothing is opened."""

from collections.abc import Iterator
from pathlib import Path

from ingest.inputs.lab.input import token_file
from ingest.inputs.lab.tokens import lab_tokens
from schemas.plant.lab_source import LabHttp, LabSource


def preview(name: str, source: LabSource, data_dir: Path) -> Iterator[str]:
    """One line for its HTTP interface and one for its folder.

    Raises:
        MisconfiguredError: the file of the tokens is none.
    """
    if source.http is not None:
        tokens = _tokens(source.http, data_dir)
        yield f"source {name}: would listen on {_address(source.http)}; {tokens}"
    if source.folder is not None:
        path = Path(source.folder.path).expanduser()
        there = "" if path.is_dir() else ", which would be made"
        yield f"source {name}: would take the files of {path}{there}"


def _address(http: LabHttp) -> str:
    scheme = "https" if http.certificate else "http"
    return f"{scheme}://{http.listen}:{http.port or '(a free port)'}"


def _tokens(http: LabHttp, data_dir: Path) -> str:
    path = token_file(http, data_dir)
    number = len(lab_tokens(path).tokens())
    if not number:
        return f"nobody has a token yet in {path}: plantstream lab-token add"
    return f"tokens in {path}: {number}"
