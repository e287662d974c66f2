"""How a group deals the partitions of its topics out to its members."""

from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.assignors.range import RangePartitionAssignor


def deal_together(consumer: AIOKafkaConsumer) -> None:
    """Partitions of one number come to one member, whatever their topic.

    To be said before it starts; all topics of the group have as many partitions.
    """
    consumer._partition_assignment_strategy = [RangePartitionAssignor]  # noqa: SLF001
