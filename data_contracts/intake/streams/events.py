"""Events of a stream: the place of each, and its fields as text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pandas as pd

from data_contracts.intake.mapping import Map, MappedTable
from data_contracts.intake.sources.relation import BROKEN, FILE, ROW

# A byte 0 and four of a schema's number stand before what a schema registry's writers write.
REGISTRY_PREFIX_BYTES = 5
NAME = re.compile(r'"([^"]+)"|(?<!\w)([^\W\d]\w*)')


@dataclass(frozen=True)
class Event:
    """One event of a stream.

    Parameters
    ----------
    stream
        Name of the stream.
    partition
        Its partition; None where a stream has none.
    number
        Place in the stream or partition.
    fields
        Its fields as text.
    broken
        Its text where that is no object.
    about
        Further fields that a map may name, such as the time at which the stream got it.
    """

    stream: str
    partition: int | None
    number: int
    fields: dict[str, str | None]
    broken: str | None = None
    about: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def file(self) -> str:
        """The stream that messages name instead of a file."""
        return self.stream if self.partition is None else f"{self.stream}[{self.partition}]"


class EventStream(Protocol):
    """Events that stay until they are acknowledged."""

    def read(self, max_events: int, wait_milliseconds: int) -> list[Event]:
        """Events that are not acknowledged yet; none once no event is left."""

    def acknowledge(self, events: Sequence[Event]) -> None:
        """Say that events are in the lake."""

    def close(self) -> None:
        """Close the connection."""


def members_of(text: str) -> dict[str, str | None] | None:
    """Members of a JSON object as text; None where a text is none. Nested ones stay JSON."""
    try:
        members = json.loads(text, parse_int=str, parse_float=str)
    except ValueError:
        return None
    if not isinstance(members, dict):
        return None
    return {
        k: v if isinstance(v, str) or v is None else json.dumps(v, ensure_ascii=False)
        for k, v in members.items()
    }


def as_text(value: Any) -> str:
    """Bytes as UTF-8; bytes of no text as hexadecimal digits, which conversions set aside."""
    if isinstance(value, str):
        return value
    raw = bytes(value)
    if raw[:1] == b"\0" and raw[REGISTRY_PREFIX_BYTES:].lstrip()[:1] == b"{":
        raw = raw[REGISTRY_PREFIX_BYTES:]
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.hex()


def frames_of(given: Map, events: Iterable[Event]) -> dict[str, pd.DataFrame]:
    """Events of each stream as a frame of text, with every column that its tables name.

    A column that no event of a batch has is there too: an expression over it is null then.
    """
    found: dict[str, list[Event]] = {}
    for event in events:
        found.setdefault(event.stream, []).append(event)
    out = {}
    for stream, part in found.items():
        named = _named(
            t for t in given.tables.values() if given.sources[str(t.source)].path == stream
        )
        rows = [{n: v for n, v in e.about.items() if n in named} | e.fields for e in part]
        names = list(dict.fromkeys(name for row in rows for name in row))
        present = {name.casefold() for name in names}
        names += [name for name in named if name.casefold() not in present]
        columns: dict[str, Any] = {
            n: pd.array([row.get(n) for row in rows], dtype="str") for n in names
        }
        columns[FILE] = pd.array([e.file for e in part], dtype="str")
        columns[ROW] = pd.array([e.number for e in part], dtype="int64")
        columns[BROKEN] = pd.array([e.broken for e in part], dtype="str")
        out[stream] = pd.DataFrame(columns)
    return out


def _named(tables: Iterable[MappedTable]) -> list[str]:
    """Names in the columns and expressions of tables, once each whatever their case."""
    names: dict[str, str] = {}
    for table in tables:
        texts = [m.from_ for m in table.columns.values()] + [table.received_at, table.where]
        for quoted, bare in NAME.findall("\n".join(filter(None, texts))):
            names.setdefault((quoted or bare).casefold(), quoted or bare)
    return list(names.values())
