"""Suspicions that no contract rule covers: zones, units, ids, short and late deliveries.

Nothing is changed and nothing stops. Each line names table and column, what was seen, and how to
mend it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import duckdb
import numpy as np
import pyarrow.parquet as pq

from data_contracts.contract import Contract, contract, inbound_names
from data_contracts.intake.conversion.lost_digits import digits_lost
from data_contracts.intake.profiling.zones import Guess, zone_of_hours
from data_contracts.intake.short_deliveries import (
    SHORT_SHARE,
    TELLING_TABLES,
    TELLING_TABLES_ZH,
    Delivered,
    Suspicion,
    repeated_rows,
    short_days,
    uncovered_sessions,
)
from data_contracts.intake.sources.relation import quote
from data_contracts.lake import Lake
from data_contracts.parquet import connect, scalar

MIN_ZONE_CONFIDENCE, MIN_TIMES = 0.9, 500
UNIT_JUMP_FACTOR, MIN_AMOUNTS_PER_DAY = 30.0, 20
# A median order below or above is one of another unit: yuan are most often 10 to 1000.
MAX_MEDIAN_YUAN = 2000.0


def suspicions(lake: Lake, names: Sequence[str] | None = None) -> list[Suspicion]:
    """Everything that looks wrong in tables whose structure fits their contracts (ADR-0261).

    Parameters
    ----------
    lake
        The lake.
    names
        Its tables that are looked at; all that were delivered when not named.
    """
    found = []
    relations = {}
    with connect() as connection:
        for name in lake.delivered() if names is None else names:
            table = contract(name)
            relations[name] = f"checked_{name}"
            connection.execute(f"CREATE TEMP VIEW checked_{name} AS {lake.scan_sql(table, None)}")
            known = {c.name for c in table.columns}
            stored = {n for f in lake.files(name) for n in pq.read_schema(f).names}
            if extra := sorted(stored - known):
                message = f"columns that nothing reads: {', '.join(extra)}"
                unread = Suspicion(name, None, message, "map or drop them")
                zh = f"没有任何程序读取的列：{'、'.join(extra)}"
                found.append(unread.in_chinese(zh, "将其映射或删除"))
        return found + suspicions_of(connection, relations)


def suspicions_of(
    connection: duckdb.DuckDBPyConnection,
    relations: Mapping[str, str],
    last_day: date | None = None,
    short_share: float = SHORT_SHARE,
) -> list[Suspicion]:
    """Everything that looks wrong in good rows on a connection.

    Parameters
    ----------
    connection
        Connection that has the relations.
    relations
        Delivered table → name of its relation.
    last_day
        Day of which rows are expected; the newest of sessions and orders when not named.
    short_share
        Rows of that day below this share of the median day are few.
    """
    newest = [
        scalar(connection, f"SELECT CAST(max(received_at) AS DATE) FROM {quote(relations[n])}")
        for n in ("sessions", "orders")
        if n in relations
    ]
    day = last_day or max((d for d in newest if d is not None), default=None)
    given = Delivered(connection, relations, day, short_share)
    found = [
        Suspicion(
            name, None, f"not delivered: {missing}", "deliver the table", "not_delivered"
        ).in_chinese(f"未交付：{TELLING_TABLES_ZH[name]}", "交付该表")
        for name, missing in TELLING_TABLES.items()
        if name not in relations
    ]
    zones = _wrong_zones(given)
    for name in inbound_names():
        if name in relations:
            found += [s for s in zones if s.table == name]
            found += _of_table(given, contract(name))
    return found


def _of_table(given: Delivered, table: Contract) -> Iterator[Suspicion]:
    """Everything that looks wrong in one table."""
    connection, rows = given.connection, quote(given.relations[table.name])
    connection.execute(f"CREATE OR REPLACE TEMP VIEW checked AS SELECT * FROM {rows}")
    yield from _amounts(connection, table)
    yield from _ids(connection, table)
    yield from short_days(given, table)
    yield from uncovered_sessions(given, table)
    yield from repeated_rows(connection, table)


def _zones(connection: duckdb.DuckDBPyConnection, table: Contract) -> Iterator[tuple[str, Guess]]:
    """Columns of times of a relation with the zone that their hours suggest, where it is clear."""
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
        if guess.confidence >= MIN_ZONE_CONFIDENCE and hours.sum() >= MIN_TIMES:
            yield column.name, guess


def _wrong_zones(given: Delivered) -> list[Suspicion]:
    """Times that are off by whole hours against the hours at which people are active.

    Where one column has no night by any clock, hours tell nothing of this platform.
    """
    found = []
    for name in given.relations:
        rows = quote(given.relations[name])
        given.connection.execute(f"CREATE OR REPLACE TEMP VIEW checked AS SELECT * FROM {rows}")
        for column, guess in _zones(given.connection, contract(name)):
            if not guess.is_night:
                return []
            if guess.value != "UTC":
                message = f"times look like those of {guess.value}, not UTC ({guess.why})"
                mend = f"name zone: {guess.value} in the map and ingest again"
                zone = Suspicion(name, column, message, mend)
                zh = f"时间看起来属于 {guess.value}，而不是 UTC"
                zh_mend = f"在映射中写明 zone: {guess.value} 并重新导入"
                found.append(zone.in_chinese(zh, zh_mend))
    return found


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
            if max(median / before, before / median) >= UNIT_JUMP_FACTOR:
                yield Suspicion(
                    table.name,
                    column.name,
                    f"the median of {day} is {median:g}, of the day before {before:g}",
                    "say the unit of this delivery in the map and ingest it again",
                ).in_chinese(
                    f"{day} 的中位数为 {median:g}，前一日为 {before:g}",
                    "在映射中写明本批数据的单位并重新导入",
                )
        if days and all(whole and median > MAX_MEDIAN_YUAN for _, median, whole in days):
            yield Suspicion(
                table.name,
                column.name,
                f"all are whole numbers with a median of {days[-1][1]:g}: cents, not yuan?",
                "name money: cents in the map and ingest again",
            ).in_chinese(
                f"全部为整数，中位数为 {days[-1][1]:g}：单位是否为分而非元？",
                "在映射中写明 money: cents 并重新导入",
            )


def _ids(connection: duckdb.DuckDBPyConnection, table: Contract) -> Iterator[Suspicion]:
    """Ids that lost their last digits."""
    for column in table.columns:
        if column.type == "VARCHAR" and column.name.endswith("_id"):
            why = digits_lost(connection, "checked", quote(column.name))
            if why:
                lost = Suspicion(table.name, column.name, why, "export it as text")
                yield lost.in_chinese("编号的末尾数字疑似已丢失", "以文本形式导出该列")
