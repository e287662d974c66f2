"""YAML files of people: every mistake at once, each with line, column, key and a hint."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from schemas.mistakes import FileError, Mistake, did_you_mean

Model = TypeVar("Model", bound=BaseModel)
Location = tuple[str | int, ...]

_PLAINER = {
    "model_type": "here belong `key: value` lines",
    "dict_type": "here belong `key: value` lines",
    "list_type": "here belongs a list",
}
"""Words for those who do not know Python."""

_WRITTEN = {"Secret": "write {file: PATH} or {env: NAME}; the secret itself never here"}
"""What belongs there instead of a text, by model."""


class Document:
    """A parsed file that knows where each of its keys stands."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        yaml = YAML(typ="rt")
        try:
            self._root: Any = yaml.load(text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line, mark.column) if mark else (0, 0)
            problem = str(error.problem or error).splitlines()[0]
            raise FileError([self._at(line, column, "", f"not readable: {problem}")]) from None
        except YAMLError as error:
            problem = str(error).splitlines()[0]
            raise FileError([self._at(0, 0, "", f"not readable: {problem}")]) from None
        except RecursionError:
            raise FileError([self._at(0, 0, "", "not readable: nested too deeply")]) from None
        if not isinstance(self._root, Mapping):
            raise FileError([self._at(0, 0, "", "the file is no list of `key: value` lines")])

    def read(self, model: type[Model]) -> Model:
        """The file as this model.

        Raises:
            FileError: with all its mistakes.
        """
        try:
            return model.model_validate(_plain(self._root))
        except ValidationError as error:
            found = error.errors(include_url=False)
            raise FileError([self._mistake(item["loc"], item, model) for item in found]) from None

    def mistake(self, location: Location, message: str, hint: str = "") -> Mistake:
        """A mistake at this place of the document."""
        line, column = self._position(location)
        return self._at(line, column, _dotted(location), message, hint)

    def _mistake(self, loc: Location, error: Any, model: type[BaseModel]) -> Mistake:
        location = self._written(loc)
        if error["type"] == "missing":
            return self.mistake(self._written(loc[:-1]), f"{loc[-1]} is missing")
        if error["type"] == "extra_forbidden":
            return self.mistake(location, "unknown key", did_you_mean(location[-1], _known(model)))
        if error["type"] == "union_tag_invalid":
            return self._of_no_kind(location, error["ctx"])
        hint = ""
        if error["type"] in {"literal_error", "enum"}:
            expected = str(error["ctx"]["expected"]).replace("'", "").replace(" or ", ", ")
            hint = did_you_mean(error["input"], expected.split(", "))
        if error["type"] == "string_type" and isinstance(error["input"], int | float | date):
            hint = "put it in quotes"
        message = _PLAINER.get(error["type"], error["msg"].removeprefix("Value error, "))
        if error["type"] == "model_type":
            message = _WRITTEN.get(error["ctx"]["class_name"], message)
        return self.mistake(location, message[:1].lower() + message[1:], hint)

    def _of_no_kind(self, location: Location, said: Mapping[str, Any]) -> Mistake:
        """The key that says which of several models it is says none of them."""
        kinds = str(said["expected_tags"]).replace("'", "")
        key = str(said["discriminator"]).strip("'")
        hint = did_you_mean(said["tag"], kinds.split(", "))
        told = f"{said['tag']} is none of {kinds}"
        return self.mistake((*location, key), told, hint)

    def _written(self, location: Location) -> Location:
        """The place without the names of variants, which stand between keys of the file."""
        node: Any = self._root
        written: list[str | int] = []
        for part in location:
            if isinstance(node, Mapping):
                keys = [key for key in node if str(key) == str(part)]
                if not keys:
                    continue
                node = node[keys[0]]
            elif isinstance(node, Sequence) and isinstance(part, int):
                node = node[part]
            else:
                continue
            written.append(part)
        return tuple(written)

    def _position(self, location: Location) -> tuple[int, int]:
        node: Any = self._root
        found = (0, 0)
        for part in location:
            if isinstance(node, CommentedMap):
                # The file may say 1 where the model says "1".
                keys = [key for key in node if str(key) == str(part)]
                if keys and keys[0] in node.lc.data:
                    found = node.lc.key(keys[0])
            elif isinstance(node, CommentedSeq) and isinstance(part, int):
                keys = [part]
                found = node.lc.item(part)
            else:
                keys = []
            if keys:
                node = node[keys[0]]
        return found

    def _at(self, line: int, column: int, key: str, message: str, hint: str = "") -> Mistake:
        return Mistake(self.file, line + 1, column + 1, key, message, hint)


def _dotted(location: Location) -> str:
    text = ""
    for part in location:
        if part == "[key]":  # the model's way to say that the key itself is wrong
            continue
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _known(model: type[BaseModel]) -> set[str]:
    """All keys of a model and of the models in it: near enough for a hint."""
    schema = model.model_json_schema()
    parts = [schema, *schema.get("$defs", {}).values()]
    return {key for part in parts for key in part.get("properties", {})}


def _plain(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node
