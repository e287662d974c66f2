"""The next version of the schemas differs from this one, and both read each other."""

import json
import subprocess
import sys
from itertools import combinations

import pytest

from schemas.codec import UnreadableError, decode
from schemas.topics import MODEL
from sinks.registry import TOPICS
from tests.chaos import next_version
from tests.chaos.factory import SERVICES, Service
from tests.chaos.versions import NEWER_IN, STAGES


@pytest.fixture(scope="module")
def of_next() -> dict[str, str]:
    """A record of each type, by its name."""
    asked = (sys.executable, "-m", next_version.__name__, "samples")
    told = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    return {json.loads(line)["type"]: line for line in told.splitlines()}


@pytest.mark.parametrize(("one", "other"), list(combinations(SERVICES, 2)))
def test_each_two_services_meet_in_all_pairs_of_versions(one: Service, other: Service):
    pairs = {(stage in NEWER_IN[one], stage in NEWER_IN[other]) for stage in STAGES}
    assert len(pairs) == 4


def test_this_version_reads_every_type_of_the_next(of_next: dict[str, str]):
    for topic in TOPICS:
        for kind in topic.types:
            record = of_next[kind.model_fields["type"].default]
            assert next_version.MORE in json.loads(record)
            assert isinstance(decode(topic, record.encode()), kind)


def test_a_version_that_nobody_knows_is_refused_by_its_number(of_next: dict[str, str]):
    record = json.loads(of_next["plant_published"]) | {"version": 2}
    with pytest.raises(UnreadableError, match="unknown version '2' of plant_published"):
        decode(MODEL, json.dumps(record).encode())
