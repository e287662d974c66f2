"""`plantstream` of the next version: each record, and its id, has one more field.

python -m tests.chaos.next_version sink --slot 0
python -m tests.chaos.next_version samples
"""

import runpy
import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from pathlib import Path

MORE = "later_note"
BEGIN = "class Frozen(BaseModel):\n"
FIELD = f"""
    def __init_subclass__(cls, **more):
        super().__init_subclass__(**more)
        if "version" in cls.__annotations__ or "seq" in cls.__annotations__:
            cls.__annotations__["{MORE}"] = str | None
            cls.{MORE} = "the next version"
"""
"""Records and their ids have it; values that are columns of tables come with a migration."""
BASE = "schemas.record"


def become() -> None:
    """Give every record of this process the field; before anything else imports the schemas."""
    spec = find_spec(BASE)
    assert spec is not None, BASE
    path = Path(str(spec.origin))
    text = path.read_text()
    assert BEGIN in text, f"{path} has no {BEGIN.strip()}"
    sys.modules[BASE] = module_from_spec(spec)
    exec(compile(text.replace(BEGIN, BEGIN + FIELD), path, "exec"), vars(sys.modules[BASE]))


def print_samples() -> None:
    """A record of each type, as the next version writes it."""
    encode = import_module("schemas.codec").encode
    for sample in import_module("tests.schemas.samples").SAMPLES:
        sys.stdout.buffer.write(encode(sample) + b"\n")


if __name__ == "__main__":
    become()
    if sys.argv[1:] == ["samples"]:
        print_samples()
    else:
        runpy.run_module("plantstream", run_name="__main__")
