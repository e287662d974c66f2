"""One commit for all that waits: nobody suffers from what another brought."""

import asyncio
from collections.abc import Mapping, Sequence

from prometheus_client import CollectorRegistry
from pydantic_core import PydanticSerializationError

from ingest.commits import Commits, Work
from ingest.input import Unreadable
from ingest.memory_spool import MemorySpool
from ingest.metrics import EdgeMetrics
from ingest.ports import Loss
from ingest.publisher import Waiting
from ingest.sealing import Record, seal_unreadable
from tests.ingest.kit import NOW, moment, no_sleep


def nothing(_: Sequence[Loss]) -> tuple[Sequence[Record], Mapping[str, bytes]]:
    return (), {}


async def test_what_cannot_be_written_down_fails_alone() -> None:
    spool = MemorySpool()
    metrics = EdgeMetrics(CollectorRegistry())
    commits = Commits(spool, metrics, Waiting(lambda: NOW, no_sleep), nothing)
    good = [seal_unreadable(spool, Unreadable("a", one, b"x", "no"), moment()) for one in range(2)]
    bad = good[0].model_copy(update={"reason": "\ud800"})

    stored = await asyncio.gather(
        *(commits.store(Work([one], {})) for one in (good[0], bad, good[1])),
        return_exceptions=True,
    )
    await commits.store(Work((), {}, {"line": "1"}))

    assert [type(one) for one in stored] == [type(None), PydanticSerializationError, type(None)]
    assert (spool.depth, spool.positions) == (2, {"line": "1"})
