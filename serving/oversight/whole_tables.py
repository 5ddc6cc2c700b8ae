"""Inbound tables as known at a moment, however old their rows. A snapshot has 28 days of events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import ibis

from data_contracts.contract import contract
from data_contracts.lake import Lake
from data_contracts.parquet import connect


@contextmanager
def whole_tables(lake: Lake, names: Iterable[str], at: datetime) -> Iterator[dict[str, Any]]:
    """Good rows of some tables that were received before a moment, as Ibis tables by name.

    Absent tables are left out. Nothing is read before a relation is executed, and no relation
    outlives the context.
    """
    with connect() as connection:
        found = [name for name in names if lake.files(name)]
        for name in found:
            connection.execute(f"CREATE VIEW {name} AS {lake.scan_sql(contract(name), at)}")
        engine = ibis.duckdb.from_connection(connection)
        yield {name: engine.table(name) for name in found}
