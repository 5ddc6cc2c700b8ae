"""Deliveries with too few rows, with rows long past, and with rows that came twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
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
TELLING_TABLES_ZH = {
    "views": "无法逐条评估和修正观看",
    "room_minutes": "实时信号和每分钟计数未知",
    "interactions": "点赞、评论和关注不作评估",
    "orders": "交易不作评估",
    "sessions": "直播场次不作评估",
}
COMPLETE, COMPLETE_ZH = "see that the delivery is complete", "检查交付是否完整"
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
    found_zh, mend_zh
        The same in Chinese.
    """

    table: str
    column: str | None
    found: str
    mend: str
    kind: Literal["not_delivered", "short", "looks_wrong"] = "looks_wrong"
    found_zh: str = ""
    mend_zh: str = ""

    def in_chinese(self, found: str, mend: str) -> Suspicion:
        """The same with its words in Chinese."""
        return replace(self, found_zh=found, mend_zh=mend)


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
            short = Suspicion(table.name, None, found, COMPLETE, "short")
            zh = f"{day} 收到 {last} 行，平日约 {median_rows:.0f} 行"
            yield short.in_chinese(zh, COMPLETE_ZH)
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
        zh = f"{counts[-1][0]} 收到的 {row[0]} 行中有 {row[1]} 行迟到 {LATE_DAYS} 天以上"
        late = Suspicion(table.name, str(table.received), found, "see what held them back")
        yield late.in_chinese(zh, "查明延迟原因")


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
        zh = f"{given.last_day} 的 {row[0]} 场直播中有 {row[1]} 场没有任何一行"
        yield Suspicion(table.name, None, found, COMPLETE, "short").in_chinese(zh, COMPLETE_ZH)


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
        zh = f"{row[1]:.0f} 行（共 {row[0]:.0f} 行）除到达时间外与另一行相同"
        twice = Suspicion(table.name, None, found, "see that no delivery lies there twice")
        yield twice.in_chinese(zh, "检查是否有同一批数据交付了两次")
