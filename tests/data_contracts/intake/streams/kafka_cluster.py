"""A Kafka cluster inside this process: librdkafka's mock brokers speak the real protocol."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import Consumer, Producer, TopicPartition


class Cluster:
    """Brokers, and what is written to them."""

    def __init__(self) -> None:
        self.brokers = Producer({"bootstrap.servers": "mock:1", "test.mock.num.brokers": 2})
        found = self.brokers.list_topics(timeout=10).brokers.values()
        self.url = "kafka://" + ",".join(f"{b.host}:{b.port}" for b in found)
        self.producer = Producer({"bootstrap.servers": self.url.removeprefix("kafka://")})

    def write(self, topic: str, *values: dict | bytes | None, partition: int = 0) -> None:
        """Write messages, JSON of what is no bytes; a topic is there from its first one on."""
        for value in values:
            raw = json.dumps(value).encode() if isinstance(value, dict) else value
            self.producer.produce(topic, raw, partition=partition)
        assert self.producer.flush(10) == 0

    def committed(self, topic: str, partitions: int = 4) -> int:
        """Events of a topic that the group committed."""
        asking = Consumer(
            {"bootstrap.servers": self.url.removeprefix("kafka://"), "group.id": "steelyard"}
        )
        places = [TopicPartition(topic, n) for n in range(partitions)]
        found = asking.committed(places, timeout=10)
        asking.close()
        return sum(max(p.offset, 0) for p in found)


@contextmanager
def kafka_cluster() -> Iterator[Cluster]:
    """Two brokers, until the end of the block."""
    cluster = Cluster()
    try:
        yield cluster
    finally:
        cluster.producer.flush(1)
