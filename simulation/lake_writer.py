"""Rows on their way to the lake: each is delivered in the partition of the day it was received."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_contracts.contract import contract
from data_contracts.lake import Lake
from data_contracts.parquet import to_arrow
from simulation.identifiers import DAY

MICROS = int(DAY * 1_000_000)


def as_date(day: float) -> date:
    return datetime.fromtimestamp(day, tz=UTC).date()


class Outbox:
    """Holds rows until the day of their receipt is over; what is received after the last day is never delivered."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.waiting: dict[str, dict[int, list[pa.Table]]] = {}

    def add(self, name: str, rows: pa.Table) -> None:
        if not rows.num_rows:
            return
        table = to_arrow(contract(name), rows)
        day = pc.cast(table.column("received_at"), pa.int64()).to_numpy() // MICROS
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
                self.lake.append_day(name, as_date(one * DAY), whole.take(order))
