"""Stores each machine event once, with rights only to read: `python consumer.py FILE.sqlite`."""

import asyncio
import json
import os
import sqlite3
import sys

from aiokafka import AIOKafkaConsumer
from aiokafka.helpers import create_ssl_context

USER = os.environ["KAFKA_USER"]
LOGIN = {
    "bootstrap_servers": os.environ["KAFKA_SERVERS"],
    "security_protocol": "SASL_SSL",
    "ssl_context": create_ssl_context(cafile=os.environ["KAFKA_CA"]),
    "sasl_mechanism": "SCRAM-SHA-512",
    "sasl_plain_username": USER,
    "sasl_plain_password": os.environ["KAFKA_PASSWORD"],
}
READS = {"isolation_level": "read_committed", "auto_offset_reset": "earliest"}
MARK = """INSERT INTO mark VALUES (?, ?)
    ON CONFLICT DO UPDATE SET seq = excluded.seq WHERE excluded.seq > mark.seq"""


async def main(file: str) -> None:
    """A repeat has a `seq` that is not above the mark of its source, epoch and partition key."""
    db = sqlite3.connect(file)
    db.execute("CREATE TABLE IF NOT EXISTS mark (of PRIMARY KEY, seq)")
    db.execute("CREATE TABLE IF NOT EXISTS event (equipment, source_time, type, record)")
    async with AIOKafkaConsumer(
        "plant.machine.v1", group_id=f"{USER}-events", enable_auto_commit=False, **READS, **LOGIN
    ) as consumer:
        async for record in consumer:
            event = json.loads(record.value)
            mark = json.dumps([event["id"]["source"], event["id"]["epoch"], event["equipment"]])
            row = (event["equipment"], event["source_time"], event["type"], record.value)
            with db:  # the mark and what was made of the event: both or neither
                if db.execute(MARK, (mark, event["id"]["seq"])).rowcount:
                    db.execute("INSERT INTO event VALUES (?, ?, ?, ?)", row)
            await consumer.commit()


asyncio.run(main(sys.argv[1]))
