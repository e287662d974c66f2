"""Three brokers that hold every record three times, and take one only where two have it."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from plantstream.embedded import child
from plantstream.embedded.checks import HOST
from plantstream.embedded.kafka import FEATURES, FORMAT_JVM, EmbeddedKafka, new_cluster_id
from tests.parts import free_port

REPLICATED = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
}


@dataclass(frozen=True)
class Cluster:
    """What the three have in common."""

    id: str
    controllers: Mapping[int, int]
    """Port by node."""

    @property
    def voters(self) -> str:
        """As Kafka wants them listed."""
        return ",".join(f"{number}@{HOST}:{port}" for number, port in self.controllers.items())


class OneOfThree(EmbeddedKafka):
    """One node."""

    def __init__(self, home: Path, number: int, cluster: Cluster) -> None:
        super().__init__(home / f"broker-{number}", free_port(), cluster.controllers[number])
        self.number, self._cluster = number, cluster

    def _write_properties(self, path: Path, log_dir: Path) -> None:
        super()._write_properties(path, log_dir)
        more = {
            **REPLICATED,
            "node.id": str(self.number),
            "controller.quorum.voters": self._cluster.voters,
        }
        # Of a key that comes twice Kafka takes the last.
        with path.open("a") as file:
            file.writelines(f"{key}={value}\n" for key, value in more.items())

    async def _format(self) -> None:
        fresh = self._home / "log.new"
        properties = self._home / "format.properties"
        self._write_properties(properties, fresh)
        log = self._logs / "kafka-format.log"
        chosen = ("--cluster-id", self._cluster.id, "--config", str(properties), *FEATURES)
        argv = (*self._java_argv(FORMAT_JVM), "kafka.tools.StorageTool", "format", *chosen)
        assert await child.run(argv, log) == 0, child.log_tail(log)
        shutil.move(fresh, self._log_dir)


def three_brokers(home: Path) -> Sequence[OneOfThree]:
    """Nodes that know of each other."""
    cluster = Cluster(new_cluster_id(), {number: free_port() for number in (1, 2, 3)})
    return [OneOfThree(home, number, cluster) for number in cluster.controllers]
