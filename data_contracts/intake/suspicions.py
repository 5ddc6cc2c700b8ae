"""What no contract forbids and is most likely wrong: zones, units, ids, short and late deliveries.

Nothing is changed and nothing stops. Each line names table and column, what was seen, and how to
mend it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow.parquet as pq

from data_contracts.contract import Contract, contract, inbound_names
from data_contracts.intake.conversion.lost_digits import digits_lost
from data_contracts.intake.profiling.zones import zone_of_hours
from data_contracts.intake.sources.relation import quote
from data_contracts.lake import Lake
from data_contracts.parquet import connect

# Tables that a night cannot replace: what is not said without them.
TELLING_TABLES = {
    "views": "single views are not assessed, and views are not corrected one by one",
    "room_minutes": "live signals and counters by the minute are unknown",
    "interactions": "likes, comments and follows are not assessed",
    "orders": "trade is not assessed",
    "sessions": "live sessions are not assessed",
}
MIN_ZONE_CONFIDENCE, MIN_TIMES = 0.9, 500
MIN_DAYS, SHORT_SHARE = 4, 0.05
UNIT_JUMP, MIN_AMOUNTS_PER_DAY = 30.0, 20
# A median order below or above is one of another unit: yuan are most often 10 to 1000.
MAX_MEDIAN_YUAN = 2000.0
MIN_REPEATED_SHARE, MIN_LATE_SHARE, LATE_DAYS = 0.01, 0.5, 7


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
    """

    table: str
    column: str | None
    found: str
    mend: str


def suspicions(lake: Lake) -> list[Suspicion]:
    """Everything that looks wrong in a lake whose structure fits its contracts (ADR-0261)."""
    found = [
        Suspicion(name, None, f"not delivered: {missing}", "deliver the table")
        for name, missing in TELLING_TABLES.items()
        if not lake.files(name)
    ]
    with connect() as connection:
        for name in inbound_names():
            if lake.files(name):
                found += _of_table(connection, lake, contract(name))
    return found


def _of_table(
    connection: duckdb.DuckDBPyConnection, lake: Lake, table: Contract
) -> Iterator[Suspicion]:
    """Everything that looks wrong in one table."""
    connection.execute(f"CREATE OR REPLACE TEMP VIEW checked AS {lake.scan_sql(table, None)}")
    known = {c.name for c in table.columns}
    extra = sorted({n for f in lake.files(table.name) for n in pq.read_schema(f).names} - known)
    if extra:
        named = ", ".join(extra)
        yield Suspicion(
            table.name, None, f"columns that nothing reads: {named}", "map or drop them"
        )
    yield from _zones(connection, table)
    yield from _amounts(connection, table)
    yield from _ids(connection, table)
    yield from _days(connection, table)
    yield from _repeats(connection, table)


def _zones(connection: duckdb.DuckDBPyConnection, table: Contract) -> Iterator[Suspicion]:
    """Times that are off by whole hours against the hours at which people are active."""
    for column in table.columns:
        if column.time_role != "occurred":
            continue
        hours = np.zeros(24)
        for hour, count in connection.execute(
            f"SELECT hour({quote(column.name)}), count(*) FROM checked "
            f"WHERE CAST({quote(column.name)} AS TIME) <> TIME '00:00:00' GROUP BY 1"
        ).fetchall():
            hours[hour] = count
        guess = zone_of_hours(hours)
        sure = guess.confidence >= MIN_ZONE_CONFIDENCE and hours.sum() >= MIN_TIMES
        if sure and guess.value != "UTC":
            yield Suspicion(
                table.name,
                column.name,
                f"times look like those of {guess.value}, not UTC ({guess.why})",
                f"name zone: {guess.value} in the map and ingest again",
            )


def _amounts(connection: duckdb.DuckDBPyConnection, table: Contract) -> Iterator[Suspicion]:
    """Amounts in cents, and a unit that changed from one day to the next."""
    for column in table.columns:
        if column.unit != "CNY" or table.name == "room_minutes":
            continue
        name, received = quote(column.name), quote(str(table.received))
        days = connection.execute(
            f"SELECT CAST({received} AS DATE), median({name}), bool_and({name} = trunc({name})) "
            f"FROM checked WHERE {name} > 0 GROUP BY 1 HAVING count(*) >= {MIN_AMOUNTS_PER_DAY} "
            "ORDER BY 1"
        ).fetchall()
        for (_, before, _), (day, median, _) in itertools.pairwise(days):
            if max(median / before, before / median) >= UNIT_JUMP:
                yield Suspicion(
                    table.name,
                    column.name,
                    f"the median of {day} is {median:g}, of the day before {before:g}",
                    "say the unit of this delivery in the map and ingest it again",
                )
        if days and all(whole and median > MAX_MEDIAN_YUAN for _, median, whole in days):
            yield Suspicion(
                table.name,
                column.name,
                f"all are whole numbers with a median of {days[-1][1]:g}: cents, not yuan?",
                "name money: cents in the map and ingest again",
            )


def _ids(connection: duckdb.DuckDBPyConnection, table: Contract) -> Iterator[Suspicion]:
    """Ids that lost their last digits."""
    for column in table.columns:
        if column.type == "VARCHAR" and column.name.endswith("_id"):
            why = digits_lost(connection, "checked", quote(column.name))
            if why:
                yield Suspicion(table.name, column.name, why, "export it as text")


def _days(connection: duckdb.DuckDBPyConnection, table: Contract) -> Iterator[Suspicion]:
    """A last day with few of the usual rows, or with rows of events long past."""
    received = quote(str(table.received))
    counts = connection.execute(
        f"SELECT CAST({received} AS DATE), count(*) FROM checked GROUP BY 1 ORDER BY 1"
    ).fetchall()
    if len(counts) >= MIN_DAYS:
        median_rows = float(np.median([n for _, n in counts[:-1]]))
        day, last = counts[-1]
        if last <= SHORT_SHARE * median_rows:
            found = f"{last} rows arrived on {day}, {median_rows:.0f} on a usual day"
            yield Suspicion(table.name, None, found, "see that the delivery is complete")
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


def _repeats(connection: duckdb.DuckDBPyConnection, table: Contract) -> Iterator[Suspicion]:
    """Rows without a key that were delivered twice."""
    if table.key:
        return
    names = ", ".join(quote(c.name) for c in table.columns if c.name != table.received)
    row = connection.execute(
        f"SELECT sum(n), sum(n - 1) FROM (SELECT count(*) AS n FROM checked GROUP BY {names})"
    ).fetchone()
    if row and row[0] and row[1] >= MIN_REPEATED_SHARE * row[0]:
        found = f"{row[1]:.0f} of {row[0]:.0f} rows repeat another in everything but its arrival"
        yield Suspicion(table.name, None, found, "see that no delivery lies there twice")
