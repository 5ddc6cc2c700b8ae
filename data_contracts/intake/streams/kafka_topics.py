"""Kafka topics as a consumer of a group reads them: at least once, until committed (ADR-0360)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from data_contracts.errors import LakeProblem
from data_contracts.intake.profiling.discovery import PASSWORD_VARIABLE
from data_contracts.intake.sources.libraries import library
from data_contracts.intake.streams.events import Event, as_text, members_of

# Of one call of the library; after it an interruption is noticed.
SLICE_SECONDS, MIN_SLICE_SECONDS = 1.0, 0.05
ANSWER_SECONDS = 30.0  # a broker that says nothing for so long does not answer
# The other readers of a group have five minutes to hand partitions over.
ASSIGNMENT_SECONDS = 330.0
# What this reader decides itself; a URL may set anything else that librdkafka knows.
FIXED = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "earliest",
    "enable.partition.eof": True,
    "partition.assignment.strategy": "range,roundrobin",  # partitions move all at once
}
# A commit that these answer comes too late: the events are another reader's, and are read again.
LATE_COMMITS = (
    "ILLEGAL_GENERATION",
    "UNKNOWN_MEMBER_ID",
    "REBALANCE_IN_PROGRESS",
    "FENCED_INSTANCE_ID",
    "_ASSIGNMENT_LOST",
    "_STATE",
)
# These end by themselves: a broker comes back, or the reader joins its group again.
PASSING = ("_MAX_POLL_EXCEEDED", "_TRANSPORT", "_ALL_BROKERS_DOWN", "_TIMED_OUT", "_RESOLVE")


class KafkaTopics:
    """Events of named topics, by a group whose places the brokers keep.

    Parameters
    ----------
    url
        Such as `kafka://host:9092,other:9092`. A user and settings of librdkafka may be in it:
        `kafka://user@host:9093?security.protocol=SASL_SSL&sasl.mechanism=PLAIN`.
    topics
        Names of the topics.
    group
        Name of the group; two lakes that read the same topics need two groups.
    say
        Called with what was lost before it could be read.

    Raises
    ------
    LakeProblem
        No broker answers, a topic is not there, or a setting is none.
    """

    def __init__(
        self,
        url: str,
        topics: Sequence[str],
        group: str = "steelyard",
        say: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self.kafka = library("confluent_kafka", "kafka")
        self.topics, self.group, self.say = list(topics), group, say
        self.url = url.split("@")[-1].split("?")[0]
        self.assigned, self.ended = False, set[tuple[str, int]]()
        try:
            self.consumer = self.kafka.Consumer(settings(url, group))
        except self.kafka.KafkaException as error:
            raise LakeProblem(f"{self.url}: {error.args[0].str()}") from error
        try:
            known = self.consumer.list_topics(timeout=ANSWER_SECONDS).topics
        except self.kafka.KafkaException as error:
            self.consumer.close()
            raise LakeProblem(f"{self.url} does not answer: {error.args[0].str()}") from error
        if missing := [t for t in self.topics if t not in known]:
            self.consumer.close()
            raise LakeProblem(f"{self.url} has no topic {', '.join(missing)}")
        self.consumer.subscribe(
            self.topics, on_assign=self._assign, on_revoke=self._revoke, on_lost=self._revoke
        )

    def read(self, max_events: int, wait_milliseconds: int) -> list[Event]:
        """Events that are not committed yet; none once the end of every partition is reached.

        Parameters
        ----------
        max_events
            Events of all topics at most.
        wait_milliseconds
            Time in which events are gathered.

        Raises
        ------
        LakeProblem
            The brokers do not answer, or refuse.
        """
        gathered: dict[tuple[str, int, int], Event] = {}
        started = time.monotonic()
        until = started + wait_milliseconds / 1000
        while len(gathered) < max_events:
            left = until - time.monotonic()
            # after a rebalance a partition begins again where it was committed
            gathered |= self._consume(max_events - len(gathered), min(left, SLICE_SECONDS))
            if time.monotonic() < until:
                continue
            late = time.monotonic() - until
            if self._at_end() or (gathered and late > SLICE_SECONDS):
                break
            if time.monotonic() > max(until, started + ASSIGNMENT_SECONDS):
                raise LakeProblem(f"{self.url} hands no partition to group {self.group}")
        return list(gathered.values())

    def acknowledge(self, events: Iterable[Event]) -> None:
        """Commit the places behind events, of the partitions that are still this reader's.

        Raises
        ------
        LakeProblem
            The brokers do not answer, or refuse.
        """
        owned = {(p.topic, p.partition) for p in self.consumer.assignment()}
        behind: dict[tuple[str, int], int] = {}
        for event in events:
            place = event.stream, event.partition or 0
            behind[place] = max(behind.get(place, 0), event.number + 1)
        places = [self.kafka.TopicPartition(*p, n) for p, n in behind.items() if p in owned]
        if not places:
            return
        try:
            self.consumer.commit(offsets=places, asynchronous=False)
        except self.kafka.KafkaException as error:
            if error.args[0].name() not in LATE_COMMITS:
                raise LakeProblem(f"{self.url} takes no commit: {error.args[0].str()}") from error

    def close(self) -> None:
        """Leave the group."""
        self.consumer.close()

    def _consume(self, most: int, seconds: float) -> dict[tuple[str, int, int], Event]:
        """Events of one call, by their place; ends of partitions are noted."""
        found = {}
        try:
            messages = self.consumer.consume(most, max(seconds, MIN_SLICE_SECONDS))
        except self.kafka.KafkaException as error:
            raise LakeProblem(f"{self.url} does not answer: {error.args[0].str()}") from error
        for message in messages:
            fault, place = message.error(), (message.topic(), message.partition())
            if fault is None:
                found[*place, message.offset()] = _event(message)
                self.ended.discard(place)
            elif fault.name() == "_PARTITION_EOF":
                self.ended.add(place)
            elif fault.name() not in PASSING:
                raise LakeProblem(f"{self.url}: {fault.str()}")
        return found

    def _at_end(self) -> bool:
        """Whether nothing is left in any partition of this reader."""
        owned = {(p.topic, p.partition) for p in self.consumer.assignment()}
        return self.assigned and owned <= self.ended

    def _assign(self, consumer: Any, partitions: list[Any]) -> None:
        """Begin each partition where it was committed, and say what is gone from before there."""
        for place in consumer.committed(partitions, timeout=ANSWER_SECONDS) if partitions else []:
            low, high = consumer.get_watermark_offsets(place, timeout=ANSWER_SECONDS)
            name = f"{place.topic}[{place.partition}]"
            if 0 <= place.offset < low:
                self.say(f"{name}: {low - place.offset} events were deleted before they were read")
            elif place.offset > high:
                self.say(f"{name}: it was made anew after place {place.offset}; read from {low} on")
            else:
                continue
            next(p for p in partitions if p == place).offset = low
        consumer.assign(partitions)
        self.assigned = True
        self.ended.clear()

    def _revoke(self, _consumer: Any, partitions: list[Any]) -> None:
        self.assigned = False
        self.ended -= {(p.topic, p.partition) for p in partitions}


def settings(url: str, group: str) -> dict[str, Any]:
    """Settings of librdkafka that a URL means.

    Raises
    ------
    LakeProblem
        The URL has no broker, or sets what this reader decides itself.
    """
    parts = urlsplit(url)
    given: dict[str, Any] = dict(parse_qsl(parts.query, keep_blank_values=True))
    login, _, brokers = parts.netloc.rpartition("@")
    fixed: dict[str, Any] = FIXED | {"bootstrap.servers": brokers, "group.id": group}
    if not brokers:
        raise LakeProblem("name a broker in the URL, such as kafka://127.0.0.1:9092")
    if refused := sorted(set(given) & set(fixed)):
        raise LakeProblem(f"{', '.join(refused)}: not a setting that the URL may have")
    if login:
        user, _, password = login.partition(":")
        secret = unquote(password) or os.environ.get(PASSWORD_VARIABLE)
        if not secret:
            raise LakeProblem(f"set {PASSWORD_VARIABLE} to the password of {unquote(user)}")
        given |= {"sasl.username": unquote(user), "sasl.password": secret}
    return given | fixed


def _event(message: Any) -> Event:
    """A message; its value is a JSON object, and anything else is broken."""
    value, key = message.value(), message.key()
    text = "" if value is None else as_text(value)
    fields = members_of(text)
    _, milliseconds = message.timestamp()
    at = datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat() if milliseconds > 0 else None
    about = {
        "stream_time": at,
        "stream_key": None if key is None else as_text(key),
    }
    return Event(
        message.topic(),
        message.partition(),
        message.offset(),
        fields or {},
        broken=text if fields is None else None,
        about=about,
    )
