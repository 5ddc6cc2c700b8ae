"""Live events of Kafka, whose brokers run in this process: at least once in, exactly once out."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from threading import Event, Lock, Thread

import pyarrow.parquet as pq
import pytest
import yaml

from data_contracts.errors import LakeProblem
from data_contracts.intake.map_file import parse_map
from data_contracts.intake.streams import events, kafka_topics
from data_contracts.intake.streams.kafka_topics import KafkaTopics, settings
from data_contracts.intake.streams.listening import Listening, _merge, listen, open_stream
from data_contracts.lake import Lake
from tests.data_contracts.intake.streams.kafka_cluster import Cluster, kafka_cluster
from tests.data_contracts.intake.streams.live_map import MAP, NOW

TOPICS = itertools.count()
COUNTED = ("read", "added", "unchanged", "superseded", "set_aside")
# A member that says nothing for so long is gone; ten times sooner than usual.
SHORT_SESSION = "?session.timeout.ms=4000&heartbeat.interval.ms=500"


@pytest.fixture(scope="module")
def cluster():
    with kafka_cluster() as made:
        yield made


class LiveTopic:
    """A topic of its own with orders, and a lake that listens to it."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster, self.lake, self.said = cluster, Lake(folder / "lake"), []
        self.topic = f"orders-{next(TOPICS)}"
        table = MAP["tables"]["orders"]
        self.given = {
            "sources": {"orders": {"path": self.topic, "format": "frame"}},
            "tables": {"orders": table},
        }
        self.map = parse_map(self.given, "map")

    def order(self, number: int, at="2026-01-10 20:00:00", cents=1990, partition: int = 0) -> None:
        value = {"no": f"o{number}", "shop": "p", "uid": "b", "at": at, "cents": cents}
        self.cluster.write(self.topic, value, partition=partition)

    def stream(self) -> KafkaTopics:
        url = self.cluster.url + SHORT_SESSION
        return KafkaTopics(url, [self.topic], say=self.said.append)

    def hear(self) -> list:
        stream = self.stream()
        try:
            how = Listening(lambda: NOW, stop_when_idle=True)
            return list(listen(self.map, self.lake, stream, how))
        finally:
            stream.close()

    def hear_counts(self) -> Counter[str]:
        """What became of the rows of all batches: partitions may arrive one after another."""
        counts: Counter[str] = Counter()
        for done, found in self.hear():
            counts["events"] += len(found)
            for table in done:
                counts.update({name: getattr(table, name) for name in COUNTED})
        return counts

    def merge(self, found: list[events.Event]) -> None:
        if found:
            _merge(self.map, self.lake, found, Listening(lambda: NOW))

    def paid(self) -> dict[str, float]:
        files = [str(f) for f in self.lake.files("orders")]
        rows = pq.ParquetDataset(files, partitioning=None).read().to_pylist()
        assert len(rows) == len({r["order_id"] for r in rows})
        return {r["order_id"]: r["paid_amount"] for r in rows}

    def set_aside(self) -> set[tuple[str, str, str]]:
        kept = pq.read_table(self.lake.quarantine / "intake" / "orders.parquet").to_pylist()
        return {(r["file"], r["row_key"], r["rule"]) for r in kept}


@pytest.fixture
def live(cluster, tmp_path) -> LiveTopic:
    return LiveTopic(cluster, tmp_path)


def test_events_of_kafka_become_rows_once(live):
    """Duplicate, late and corrected events are what they are in a delivery.

    Broken ones are set aside with their reason and place, and a later batch keeps these.
    """
    live.order(1)
    live.order(1)
    live.order(2, at="2026-01-09 20:00:00")
    live.order(3, at="later")
    live.cluster.write(live.topic, b"no object", None, b"[1]", b"\xff\xfe", {"no": "o4"})
    live.order(5, partition=1)
    live.order(2, at="2026-01-10 21:00:00", cents=2990)
    found = live.hear_counts()
    assert found["events"] == 11
    assert [found[n] for n in ("read", "added", "superseded", "set_aside")] == [11, 3, 2, 6]
    assert live.paid() == {"o1": 19.9, "o2": 29.9, "o5": 19.9}
    aside = live.set_aside()
    places = {(file, int(row.removeprefix("row "))) for file, row, _ in aside}
    assert places == {(f"{live.topic}[0]", n) for n in (3, 4, 5, 6, 7, 8)}
    assert (f"{live.topic}[0]", "row 4", "no_json_object") in aside
    live.cluster.write(live.topic, b"{")
    found = live.hear_counts()
    assert (found["events"], found["set_aside"]) == (1, 1)
    assert live.set_aside() == aside | {(f"{live.topic}[0]", "row 10", "no_json_object")}
    assert live.hear() == [] and live.cluster.committed(live.topic) == 12


def test_a_member_that_no_event_has_stops_nothing(live):
    """Expressions over members that a batch lacks are null; the stream's own time can be named."""
    table = live.given["tables"]["orders"]
    columns = table["columns"] | {"order_id": 'COALESCE(no, "old number")'}
    changed = table | {"columns": columns, "received_at": "stream_time", "where": "kind IS NULL"}
    live.map = parse_map(live.given | {"tables": {"orders": changed}}, "map")
    live.order(1)
    found = live.hear_counts()
    assert (found["added"], found["set_aside"]) == (1, 0)


KILLED = """
import os, sys
from datetime import datetime
from pathlib import Path
from data_contracts.intake.map_file import load_map
from data_contracts.intake.streams.kafka_topics import KafkaTopics
from data_contracts.intake.streams.listening import Listening, listen, stream_names
from data_contracts.lake import Lake
KafkaTopics.acknowledge = lambda self, events: os._exit(9)
given = load_map(Path(sys.argv[1]))
stream = KafkaTopics(sys.argv[2], stream_names(given))
how = Listening(lambda: datetime(2026, 1, 10, 12), stop_when_idle=True)
list(listen(given, Lake(Path(sys.argv[3])), stream, how))
"""


def test_a_kill_between_write_and_commit_changes_nothing(live, tmp_path):
    """A reader that is killed after it wrote and before it committed leaves each row once.

    Its batch holds what the brokers had sent by then, some partitions or all of them.
    """
    for number in range(5):
        live.order(number, partition=number % 4)
    path = tmp_path / "map.yaml"
    path.write_text(yaml.safe_dump(live.given))
    url = live.cluster.url + SHORT_SESSION
    command = [sys.executable, "-c", KILLED, str(path), url, str(live.lake.root)]
    killed = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert killed.returncode == 9, killed.stderr
    written = len(live.paid())
    assert written > 0 and live.cluster.committed(live.topic) == 0
    found = live.hear_counts()
    assert [found[n] for n in ("events", "added", "unchanged")] == [5, 5 - written, written]
    assert len(live.paid()) == 5 and live.cluster.committed(live.topic) == 5


@pytest.mark.slow
def test_partitions_that_move_between_readers_lose_nothing(live):
    """A second reader takes over partitions whose events the first has read, not committed."""
    for number in range(40):
        live.order(number, partition=number % 4)
    first = live.stream()
    taken = first.read(40, 30_000)
    assert len(taken) == 40
    read, done, merging = [], Event(), Lock()

    def follow(stream: KafkaTopics, pending: list) -> None:
        while not done.is_set():
            found = stream.read(40, 300)
            read.extend(found)
            pending = [*pending, *found]
            if len(stream.consumer.assignment()) == 2:
                with merging:
                    live.merge(pending)
                stream.acknowledge(pending)
                pending = []
        stream.close()

    threads = [Thread(target=follow, args=a) for a in ((first, taken), (live.stream(), []))]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 60
    while live.cluster.committed(live.topic) < 40 and time.monotonic() < until:
        time.sleep(0.5)
    done.set()
    for thread in threads:
        thread.join()
    assert live.cluster.committed(live.topic) == 40 and len(live.paid()) == 40
    # what the second took over was read again, because the first had not committed it
    assert len({(e.partition, e.number) for e in read}) >= 20


@pytest.mark.slow
def test_events_deleted_before_they_were_read_are_said(live):
    """A topic that keeps less than a reader was away loses events; their number is said."""
    live.order(1)
    live.hear()
    live.cluster.write(live.topic, *[b"x" * 900_000] * 9)
    live.order(2)
    live.hear()
    assert len(live.said) == 1 and "events were deleted before they were read" in live.said[0]
    assert set(live.paid()) == {"o1", "o2"}


def test_urls_that_cannot_be_listened_to_are_refused(cluster, monkeypatch):
    """No broker, no topic, a setting that is none or not to be set, a password that is missing."""
    monkeypatch.setattr(kafka_topics, "ANSWER_SECONDS", 0.5)
    monkeypatch.delenv(kafka_topics.PASSWORD_VARIABLE, raising=False)
    with pytest.raises(LakeProblem, match="does not answer"):
        KafkaTopics("kafka://127.0.0.1:9", ["orders"])
    monkeypatch.setattr(kafka_topics, "ANSWER_SECONDS", 10)
    with pytest.raises(LakeProblem, match="has no topic nowhere"):
        KafkaTopics(cluster.url, ["nowhere"])
    with pytest.raises(LakeProblem, match="No such configuration property"):
        KafkaTopics(cluster.url + "?no.such=1", ["orders"])
    with pytest.raises(LakeProblem, match=r"enable\.auto\.commit: not a setting"):
        settings(cluster.url + "?enable.auto.commit=true", "g")
    with pytest.raises(LakeProblem, match="the password of me"):
        settings("kafka://me@broker:9092", "g")
    with pytest.raises(LakeProblem, match="only kafka:// and redis://"):
        open_stream("amqp://127.0.0.1", ["orders"], "g", print)
    monkeypatch.setenv(kafka_topics.PASSWORD_VARIABLE, "p@ss")
    assert settings("kafka://me@broker:9092?security.protocol=SASL_SSL", "g")["sasl.password"]
