"""Redis streams as a consumer of a group reads them: at least once, until acknowledged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from data_contracts.errors import LakeProblem
from data_contracts.intake.sources.libraries import library
from data_contracts.intake.streams.events import Event, as_text, members_of

# Events that another consumer took and did not acknowledge for so long are taken over.
ABANDONED_MILLISECONDS = 60_000
NEW, MINE = ">", "0"
# An id such as 1768046400000-2 is one number: its milliseconds, then six digits of its second part.
IDS_PER_MILLISECOND = 1_000_000


class RedisStreams:
    """Events of named streams, by a group whose places the server keeps.

    Parameters
    ----------
    url
        Such as `redis://host:6379/0`.
    streams
        Names of the streams.
    group
        Name of the group; two lakes that read the same streams need two groups.
    consumer
        Name of this reader in the group.

    Raises
    ------
    LakeProblem
        The server does not answer, or a name is no stream.
    """

    def __init__(
        self, url: str, streams: Sequence[str], group: str = "steelyard", consumer: str = "listen"
    ) -> None:
        self.redis = library("redis", "redis")
        self.streams, self.group, self.consumer = list(streams), group, consumer
        self.client = self.redis.Redis.from_url(url, socket_timeout=30)
        self.url = url.split("@")[-1]
        for stream in self.streams:
            try:
                self.client.xgroup_create(stream, group, id="0", mkstream=True)
            except self.redis.ResponseError as error:
                if "BUSYGROUP" not in str(error):
                    raise LakeProblem(f"{stream} is no stream of {self.url}: {error}") from error
            except self.redis.RedisError as error:
                raise LakeProblem(f"{self.url} does not answer: {error}") from error

    def read(self, max_events: int, wait_milliseconds: int) -> list[Event]:
        """Events that are not acknowledged: own ones first, then abandoned ones, then new ones.

        Parameters
        ----------
        max_events
            Events of each stream at most.
        wait_milliseconds
            Time to wait for a new one.
        """
        try:
            found = self._group_read(MINE, max_events, None) or self._abandoned(max_events)
            return found or self._group_read(NEW, max_events, wait_milliseconds)
        except self.redis.RedisError as error:
            raise LakeProblem(f"{self.url} does not answer: {error}") from error

    def acknowledge(self, events: Iterable[Event]) -> None:
        """Say that events are in the lake; they are not delivered again."""
        places: dict[str, list[str]] = {}
        for event in events:
            milliseconds, part = divmod(event.number, IDS_PER_MILLISECOND)
            places.setdefault(event.stream, []).append(f"{milliseconds}-{part}")
        for stream, ids in places.items():
            self.client.xack(stream, self.group, *ids)

    def close(self) -> None:
        """Close the connection."""
        self.client.close()

    def _group_read(self, place: str, most: int, wait: int | None) -> list[Event]:
        wanted = dict.fromkeys(self.streams, place)
        found: Any = self.client.xreadgroup(
            self.group, self.consumer, wanted, count=most, block=wait
        )
        pairs = found.items() if isinstance(found, Mapping) else (found or [])
        return [event for stream, rows in pairs for event in _events(as_text(stream), rows)]

    def _abandoned(self, most: int) -> list[Event]:
        out: list[Event] = []
        for stream in self.streams:
            found: Any = self.client.xautoclaim(
                stream, self.group, self.consumer, ABANDONED_MILLISECONDS, count=most
            )
            out += _events(stream, found[1])
        return out


def _events(stream: str, rows: Any) -> list[Event]:
    """Events from what the client returns; one list may hold another for each read."""
    if rows and isinstance(rows[0], list) and (not rows[0] or isinstance(rows[0][0], tuple | list)):
        rows = [pair for part in rows for pair in part]
    return [_event(stream, as_text(place), given or {}) for place, given in rows]


def _event(stream: str, place: str, given: Mapping[Any, Any]) -> Event:
    """An entry; a single field that holds a JSON object stands for its members."""
    milliseconds, part = (int(n) for n in place.split("-"))
    fields: dict[str, str | None] = {as_text(k): as_text(v) for k, v in given.items()}
    only = next(iter(fields.values()), None) if len(fields) == 1 else None
    if only is not None and only.startswith("{"):
        fields = members_of(only) or fields
    at = datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()
    number = milliseconds * IDS_PER_MILLISECOND + part
    return Event(stream, None, number, fields, about={"stream_time": at})
