"""`plantstream` of the next version: each record, and all that is in it, has one more field.

python -m tests.chaos.next_version sink --slot 0
python -m tests.chaos.next_version samples
"""

import runpy
import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from pathlib import Path

MORE = "later_count"
BEGIN = "class Frozen(BaseModel):\n"
FIELD = f"    {MORE}: int = 0\n"
"""So that sums over all fields of a value are what they were."""
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
