"""A delivery: what is ingested besides the map, and what became of its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Delivery:
    """The options of an ingestion besides its map.

    Parameters
    ----------
    moment
        Moment of ingestion, UTC.
    base
        Folder that relative paths of the map begin at.
    since
        Rows received earlier are passed over.
    accept_guesses
        Take the guess of every open question.
    frames
        pandas frames by the name that a source has as its path.
    see
        Called with each table and the Parquet file of its good rows, before they are merged.
    """

    moment: datetime
    base: Path = Path()
    since: datetime | None = None
    accept_guesses: bool = False
    frames: Mapping[str, Any] = field(default_factory=dict)
    see: Callable[[str, Path], None] | None = None


@dataclass(frozen=True)
class TableIntake:
    """Counts of rows of one table after its ingestion.

    `read` is the sum of `added`, `replaced`, `unchanged`, `superseded`, `not_wanted` and
    `set_aside`.

    Parameters
    ----------
    not_wanted
        Rows that `where` or `--since` left out.
    reasons
        Reason → rows set aside for it; a row may have several.
    made_unknown
        Column and reason → values that could not be read and are null now.
    notes
        What was assumed, passed over or looks wrong.
    """

    table: str
    read: int
    added: int
    replaced: int
    unchanged: int
    superseded: int
    not_wanted: int
    set_aside: int
    reasons: dict[str, int]
    made_unknown: dict[str, int]
    notes: list[str]
