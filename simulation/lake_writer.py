"""Delivery of rows to the lake, each in the partition of the day of its receipt."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_contracts.contract import contract
from data_contracts.lake import Lake
from data_contracts.parquet import to_arrow
from simulation.identifiers import DAY

MICROSECONDS_PER_DAY = int(DAY * 1_000_000)


def to_date(day: float) -> date:
    """UTC date of a moment in seconds since the epoch."""
    return datetime.fromtimestamp(day, tz=UTC).date()


class LakeWriter:
    """Keeps rows until the day of their receipt is over; later rows are never delivered."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.waiting: dict[str, dict[int, list[pa.Table]]] = {}

    def add(self, name: str, rows: pa.Table) -> None:
        """Queue contract rows of a table."""
        if not rows.num_rows:
            return
        table = to_arrow(contract(name), rows)
        day = pc.cast(table.column("received_at"), pa.int64()).to_numpy() // MICROSECONDS_PER_DAY
        for one in np.unique(day):
            self.waiting.setdefault(name, {}).setdefault(int(one), []).append(
                table.filter(pa.array(day == one))
            )

    def deliver(self, day: float) -> None:
        """Write everything received up to the end of a day."""
        last = int(day // DAY)
        for name in sorted(self.waiting):
            due = sorted(d for d in self.waiting[name] if d <= last)
            for one in due:
                tables = self.waiting[name].pop(one)
                whole = pa.concat_tables(tables).combine_chunks()
                order = pc.sort_indices(whole, sort_keys=[("received_at", "ascending")])
                self.lake.append_day(name, to_date(one * DAY), whole.take(order))
