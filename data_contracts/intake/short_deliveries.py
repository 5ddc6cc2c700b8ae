"""Deliveries with too few rows, with rows long past, and with rows that came twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

import duckdb
import numpy as np

from data_contracts.contract import Contract
from data_contracts.intake.sources.relation import quote
from data_contracts.parquet import scalar

# Tables that a night cannot replace: what is not said without them.
TELLING_TABLES = {
    "views": "single views are not assessed, and views are not corrected one by one",
    "room_minutes": "live signals and counters by the minute are unknown",
    "interactions": "likes, comments and follows are not assessed",
    "orders": "trade is not assessed",
    "sessions": "live sessions are not assessed",
}
MIN_DAYS, SHORT_SHARE = 4, 0.05
MIN_REPEATED_SHARE, MIN_LATE_SHARE, LATE_DAYS = 0.01, 0.5, 7
MAX_UNCOVERED_SHARE = 0.5  # of a day's sessions without a row in a table of their events
COVERING_TABLES = ("views", "room_minutes", "interactions")
MAX_COMPARED_ROWS = 1_000_000  # of a table without a key; beyond it a fixed part is compared


@dataclass(frozen=True)
class Suspicion:
    """One thing that looks wrong.

    Parameters
    ----------
    table, column
        Where; column is None where the table as a whole is meant.
    found
        What was seen.
    mend
        What to do when it is wrong indeed.
    kind
        `not_delivered` or `short` where rows are missing, else `looks_wrong`.
    """

    table: str
    column: str | None
    found: str
    mend: str
    kind: Literal["not_delivered", "short", "looks_wrong"] = "looks_wrong"


@dataclass(frozen=True)
class Delivered:
    """Good rows of delivered tables on a connection, and what is expected of the newest day.

    Parameters
    ----------
    relations
        Table → name of its relation.
    last_day
        The newest day on which sessions or orders arrived.
    short_share
        Rows of a day below this share of the median day are few.
    """

    connection: duckdb.DuckDBPyConnection
    relations: Mapping[str, str]
    last_day: date | None
    short_share: float


def short_days(given: Delivered, table: Contract) -> Iterator[Suspicion]:
    """A last day with few of the usual rows, or with rows of events long past."""
    connection, received = given.connection, quote(str(table.received))
    counts = connection.execute(
        f"SELECT CAST({received} AS DATE), count(*) FROM checked GROUP BY 1 ORDER BY 1"
    ).fetchall()
    by_day = dict(counts)
    if table.name in TELLING_TABLES and given.last_day is not None:
        by_day.setdefault(given.last_day, 0)
    days = [d for d in sorted(by_day) if given.last_day is None or d <= given.last_day]
    if len(days) >= MIN_DAYS:
        median_rows = float(np.median([by_day[d] for d in days[:-1]]))
        day, last = days[-1], by_day[days[-1]]
        if last <= given.short_share * median_rows:
            found = f"{last} rows arrived on {day}, {median_rows:.0f} on a usual day"
            mend = "see that the delivery is complete"
            yield Suspicion(table.name, None, found, mend, "short")
    events = [quote(c.name) for c in table.columns if c.time_role == "occurred"]
    if not counts or not events:
        return
    latest = f"greatest({', '.join(events)})"
    row = connection.execute(
        f"SELECT count(*), count(CASE WHEN {received} > {latest} + INTERVAL {LATE_DAYS} DAY "
        f"THEN 1 END) FROM checked WHERE CAST({received} AS DATE) = DATE '{counts[-1][0]}'"
    ).fetchone()
    if row and row[1] >= MIN_LATE_SHARE * row[0] and len(counts) > 1:
        found = f"{row[1]} of {row[0]} rows of {counts[-1][0]} arrived over {LATE_DAYS} days late"
        yield Suspicion(table.name, str(table.received), found, "see what held them back")


def uncovered_sessions(given: Delivered, table: Contract) -> Iterator[Suspicion]:
    """Sessions of the last day of which a table of their events has no row."""
    if table.name not in COVERING_TABLES or "sessions" not in given.relations:
        return
    row = given.connection.execute(
        "SELECT count(*), count(*) FILTER (WHERE session_id NOT IN (SELECT session_id FROM "
        f"checked WHERE session_id IS NOT NULL)) FROM {quote(given.relations['sessions'])} "
        "WHERE CAST(received_at AS DATE) = ?",
        [given.last_day],
    ).fetchone()
    if row and row[0] >= MIN_DAYS and row[1] > MAX_UNCOVERED_SHARE * row[0]:
        found = f"no row of {row[1]} of the {row[0]} sessions of {given.last_day}"
        mend = "see that the delivery is complete"
        yield Suspicion(table.name, None, found, mend, "short")


def repeated_rows(connection: duckdb.DuckDBPyConnection, table: Contract) -> Iterator[Suspicion]:
    """Rows without a key that were delivered twice."""
    if table.key:
        return
    names = ", ".join(quote(c.name) for c in table.columns if c.name != table.received)
    total = scalar(connection, "SELECT count(*) FROM checked")
    parts = -(-total // MAX_COMPARED_ROWS)
    part = f"WHERE hash({names}) % {parts} = 0" if parts > 1 else ""
    row = connection.execute(
        f"SELECT sum(n), sum(n - 1) FROM (SELECT count(*) AS n FROM checked {part} "
        f"GROUP BY {names})"
    ).fetchone()
    if row and row[0] and row[1] >= MIN_REPEATED_SHARE * row[0]:
        found = f"{row[1]:.0f} of {row[0]:.0f} rows repeat another in everything but its arrival"
        yield Suspicion(table.name, None, found, "see that no delivery lies there twice")
