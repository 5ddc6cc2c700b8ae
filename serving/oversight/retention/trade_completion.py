"""Completion of trades: from when the years of retention count, by the calendar (ADR-0282)."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa

from data_contracts.contract import contract
from data_contracts.lake import Lake
from data_contracts.parquet import connect, file_list
from serving.policy.retention_policy import RetentionPolicy

# Tables that say when a trade was completed, and the column that does.
COMPLETION = {"parcels": "signed_at", "refunds": "refunded_at"}


def years_after(day: date, years: int) -> date:
    """The same day some years later; 1 March where that year has no 29 February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def kept_until(table: str, day: date, policy: RetentionPolicy) -> date:
    """The last day on which rows of a day are kept: the later of days and calendar years."""
    until = day + timedelta(days=policy.days(table))
    years = policy.years(table)
    return until if years == 0 else max(until, years_after(day, years))


def first_kept_day(table: str, today: date, policy: RetentionPolicy) -> date:
    """The first day of which no row may be deleted today."""
    day = today - timedelta(days=policy.days(table))
    while kept_until(table, day - timedelta(days=1), policy) >= today:
        day -= timedelta(days=1)
    return day


def young_orders(lake: Lake, today: date, policy: RetentionPolicy) -> pa.Table:
    """Orders whose trade is not completed, or not long enough ago: order_id, session_id.

    A trade is completed by the last signature or refund. An order that was never paid ended when
    it was placed. Where neither parcels nor refunds are delivered, completion is assumed some days
    after payment. An order without completion is not old.
    """
    if not lake.files("orders"):
        return pa.table(
            {"order_id": pa.array([], pa.string()), "session_id": pa.array([], pa.string())}
        )
    known = {t: c for t, c in COMPLETION.items() if lake.files(t)}
    joins = " ".join(
        f"LEFT JOIN (SELECT order_id, CAST(max({column}) AS TIMESTAMP) AS at "
        f"FROM {_scan(lake, table)} GROUP BY 1) AS {table} USING (order_id)"
        for table, column in known.items()
    )
    assumed = f"paid + INTERVAL {policy.assumed_completion_days} DAY"
    completed = f"greatest({', '.join(f'{t}.at' for t in known)})" if known else assumed
    years = f"INTERVAL {policy.trade_years} YEAR"
    # as `years_after`: three years from 29 February end on 1 March
    sql = f"""
        SELECT order_id, session_id
        FROM (SELECT order_id, session_id,
        CAST(CASE WHEN paid IS NULL THEN placed ELSE {completed} END AS DATE) AS ended
        FROM (SELECT order_id, max(session_id) AS session_id,
              CAST(max(placed_at) AS TIMESTAMP) AS placed,
              CAST(max(paid_at) AS TIMESTAMP) AS paid
              FROM {_scan(lake, "orders")} GROUP BY 1) AS orders {joins})
        WHERE coalesce(greatest(ended + {years}, ended - INTERVAL 1 DAY + {years} + INTERVAL 1 DAY)
              >= DATE '{today}', true)
    """
    with connect() as connection:
        return connection.sql(sql).to_arrow_table()


def unfinished_rows_sql(lake: Lake, table: str, policy: RetentionPolicy) -> str:
    """SQL condition of the rows `t` that belong to an order in `young_orders`.

    A parcel or a refund stays as long as its order does: it says when the trade was completed.
    """
    if policy.tables[table] != "trade":
        return "false"
    columns = {c.name for c in contract(table).columns}
    if "order_id" in columns:
        young = "t.order_id IN (SELECT order_id FROM young_orders)"
        if table in COMPLETION and lake.files("orders"):
            return f"({young} OR t.order_id IN (SELECT order_id FROM {_scan(lake, 'orders')}))"
        return young
    key = next((c for c in ("session_id", "from_session_id") if c in columns), None)
    if key is None:
        return "false"
    return f"t.{key} IN (SELECT session_id FROM young_orders WHERE session_id IS NOT NULL)"


def _scan(lake: Lake, table: str) -> str:
    files = file_list(lake.files(table))
    return f"read_parquet({files}, hive_partitioning=false, union_by_name=true)"
