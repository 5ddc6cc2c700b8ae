"""Micro-batches of a stream become rows of a lake: at least once in, exactly once out (ADR-0264).

A batch is merged as a delivery is, then acknowledged. A batch that is read again after a crash
changes nothing, because its rows are in the lake.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from data_contracts.errors import LakeProblem
from data_contracts.intake.delivery import Delivery, TableIntake
from data_contracts.intake.ingestion import ingest
from data_contracts.intake.map_file import answer_questions
from data_contracts.intake.mapping import Map
from data_contracts.intake.streams.events import Event, EventStream, frames_of
from data_contracts.intake.streams.kafka_topics import KafkaTopics
from data_contracts.intake.streams.redis_streams import RedisStreams
from data_contracts.lake import Lake

LOCK_RETRY_SECONDS = 5.0


class Follower(Protocol):
    """Somebody who also wants the good rows of each batch, such as the gate."""

    def see(self, table: str, rows: Path) -> None:
        """Take note of the good rows of a table, a Parquet file, before they are merged."""

    def merged(self) -> None:
        """Act on what was seen: the batch is in the lake and not acknowledged yet."""


@dataclass(frozen=True)
class Listening:
    """The settings of listening to a stream.

    Parameters
    ----------
    now
        Clock in UTC.
    max_events
        Events of a batch and stream at most.
    batch_seconds
        Time between batches; each is a file of its day.
    stop_when_idle
        End once no event is left, instead of waiting.
    follower
        Gets the good rows of each batch too.
    """

    now: Callable[[], datetime]
    max_events: int = 10_000
    batch_seconds: float = 60.0
    stop_when_idle: bool = False
    accept_guesses: bool = False
    follower: Follower | None = None


def stream_names(given: Map) -> list[str]:
    """Names of the streams of a map: the paths of its sources, whose format is `frame`.

    Raises
    ------
    LakeProblem
        A table is made by a query, which a batch cannot answer, or a source is no stream.
    """
    for name, table in given.tables.items():
        if table.source is None:
            raise LakeProblem(f"tables.{name}: a query over sources cannot be listened to")
        if given.sources[table.source].format != "frame":
            raise LakeProblem(
                f"sources.{table.source}: name the stream as its path, and `format: frame`"
            )
    return sorted({s.path for s in given.sources.values()})


def open_stream(
    url: str, names: Sequence[str], group: str, say: Callable[[str], None]
) -> EventStream:
    """The streams that a URL and their names mean.

    Raises
    ------
    LakeProblem
        The URL is of no known kind, or nobody answers at it.
    """
    if url.startswith("kafka://"):
        return KafkaTopics(url, names, group, say)
    if url.startswith(("redis://", "rediss://", "unix://")):
        return RedisStreams(url, names, group)
    raise LakeProblem(
        f"{url.split('://')[0]}: only kafka:// and redis:// are listened to. Deliver other "
        "events as files"
    )


def listen(
    given: Map, lake: Lake, stream: EventStream, how: Listening
) -> Iterator[tuple[list[TableIntake], list[Event]]]:
    """Merge batch after batch; yields what became of the rows of each, once it is acknowledged.

    Parameters
    ----------
    given
        The map, each source of which is a stream (`stream_names`).
    lake
        The lake.
    stream
        The events.
    how
        Sizes, clock and what else to do with rows.

    Raises
    ------
    MapProblems
        A batch cannot be converted at all. It is not acknowledged.
    """
    answered = answer_questions(given, how.accept_guesses)
    wait = 1 if how.stop_when_idle else round(how.batch_seconds * 1000)
    while True:
        started = time.monotonic()
        events = stream.read(how.max_events, max(wait, 1))
        if events:
            done = _merge(answered, lake, events, how)
            if how.follower is not None:
                how.follower.merged()
            stream.acknowledge(events)
            yield done, events
        elif how.stop_when_idle:
            return
        if not how.stop_when_idle and len(events) < how.max_events:
            time.sleep(max(0.0, how.batch_seconds - (time.monotonic() - started)))


def _merge(given: Map, lake: Lake, events: list[Event], how: Listening) -> list[TableIntake]:
    """Merge one batch, once no night or other ingestion is running."""
    frames = frames_of(given, events)
    tables = {n: t for n, t in given.tables.items() if given.sources[str(t.source)].path in frames}
    sources = {n: s for n, s in given.sources.items() if s.path in frames}
    part = given.model_copy(update={"tables": tables, "sources": sources})
    delivery = Delivery(
        how.now(), frames=frames, see=None if how.follower is None else how.follower.see
    )
    while True:
        try:
            return ingest(part, lake, replace(delivery, moment=how.now()))
        except LakeProblem as busy:
            if "is running on" not in str(busy):
                raise
            time.sleep(LOCK_RETRY_SECONDS)
