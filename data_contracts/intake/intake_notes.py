"""Notes of an ingestion besides its counts: assumptions, files passed over, suspicious values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import duckdb

from data_contracts.intake.conversion.lost_digits import digits_lost
from data_contracts.intake.conversion.table_query import TableQuery
from data_contracts.intake.mapping import EVENT_TIME, FILE_TIME, INGEST_TIME, MappedTable
from data_contracts.intake.sources.relation import OpenSource, literal, mentions, quote
from data_contracts.parquet import scalar

ASSUMED_RECEIPT = {
    FILE_TIME: "a row counts as received when its file was last changed",
    INGEST_TIME: "a row counts as received at this ingestion",
    EVENT_TIME: "a row counts as received at its last event: the source does not say when it was",
}


def notes_of(
    connection: duckdb.DuckDBPyConnection,
    query: TableQuery,
    given: MappedTable,
    good: Path,
    opened: Mapping[str, OpenSource],
    moment: datetime,
) -> list[str]:
    """Notes on one table besides its counts.

    Parameters
    ----------
    connection
        Connection that has the sources.
    query
        The table's query.
    given
        The table's entry in the map.
    good
        Parquet file of its good rows.
    opened
        The opened sources.
    moment
        Moment of ingestion, UTC.
    """
    notes = []
    if given.received_at in ASSUMED_RECEIPT:
        notes.append(ASSUMED_RECEIPT[given.received_at])
    if query.new_columns:
        notes.append(f"columns that the map does not mention: {', '.join(query.new_columns)}")
    for name, source in opened.items():
        if name == given.source or mentions(given.query, name):
            notes += [f"passed over {text}" for text in source.passed_over]
    rows = f"read_parquet({literal(str(good))})"
    for column in query.table.columns:
        if column.time_role == "occurred":
            later = scalar(
                connection,
                f"SELECT count(*) FROM {rows} WHERE {quote(column.name)} > TIMESTAMP '{moment}'",
            )
            if later:
                notes.append(f"suspicious: {column.name} lies in the future in {later} rows")
        if column.type == "VARCHAR" and column.name.endswith("_id"):
            why = digits_lost(connection, rows, quote(column.name))
            if why:
                notes.append(f"suspicious: {column.name} may have lost digits: {why}")
    return notes
