"""Delivery of a night: the digest of its files, and whether enough was received to score."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import pandas as pd

from data_contracts.contract import END_OF_REAL_TIME, contract
from data_contracts.errors import NothingToScore
from data_contracts.file_checks import named_by_file
from data_contracts.lake import Lake
from data_contracts.parquet import connect, digest_file, file_list, first_time, scalar
from serving.policy.schema import NightPolicy

MIN_DAYS_FOR_MEDIAN = 3


def input_digest(lake: Lake, as_of: datetime) -> str:
    """SHA-256 over the files that may hold rows known at `as_of`.

    Files of later receipts alone do not change it. Their statistics say so, not their folders:
    a backfill may lie in the folder of a later day.
    """
    whole = hashlib.sha256()
    for name in lake.delivered():
        received = contract(name).received
        for path in lake.files(name):
            first = first_time(path, received) if received else None
            if first is not None and first >= as_of:
                continue
            whole.update(f"{lake.relative(path)} {digest_file(path)}\n".encode())
    return whole.hexdigest()


def refuse_short(lake: Lake, names: list[str], as_of: datetime, policy: NightPolicy) -> None:
    """Refuse a night without rows, or with far fewer than the days before.

    Raises
    ------
    NothingToScore
        No session and no order was received, or a table is shorter than `short_share` of its
        median day.
    """
    counts = {name: receipts(lake, name, as_of) for name in ("sessions", "orders") if name in names}
    night = (as_of - timedelta(days=1)).date()
    if not any(c.iloc[-1] for c in counts.values()):
        raise NothingToScore(
            f"no session and no order was received on {night} in {lake}: expected at least one. "
            "Check the delivery, or name another --date."
        )
    for name, count in counts.items():
        earlier = count.iloc[:-1]
        days = (earlier > 0).sum()
        median = earlier[earlier > 0].median() if days >= MIN_DAYS_FOR_MEDIAN else 0
        if count.iloc[-1] < policy.short_share * median:
            raise NothingToScore(
                f"{name} of {night}: expected about {median:.0f} rows as on the days before, "
                f"found {count.iloc[-1]} (below {policy.short_share:.0%}). Wait for the delivery "
                "to be complete, or pass --allow-short."
            )


def receipts(lake: Lake, name: str, as_of: datetime, days: int = 8) -> pd.Series:
    """Rows of a table received on each of the last days before `as_of`, newest last."""
    column = contract(name).received
    first = as_of - timedelta(days=days)
    with named_by_file(lake.files(name)), connect() as connection:
        rows = connection.execute(
            f"SELECT CAST(CAST({column} AS TIMESTAMP) AS DATE) AS day, count(*) AS n "
            f"FROM {_scan(lake, name)} "
            f"WHERE {column} >= TIMESTAMP '{first}' AND {column} < TIMESTAMP '{as_of}' GROUP BY 1"
        ).df()
    counts = pd.Series(rows["n"].to_numpy(), index=pd.to_datetime(rows["day"]).dt.date)
    wanted = [(first + timedelta(days=i)).date() for i in range(days)]
    return counts.reindex(wanted).fillna(0).astype(int)


def newest_receipt(lake: Lake) -> datetime:
    """Start of the day after the newest receipt of sessions or orders.

    Raises
    ------
    NothingToScore
        Neither table was delivered.
    """
    newest = [_last_receipt(lake, name) for name in ("sessions", "orders") if lake.files(name)]
    if not newest:
        raise NothingToScore(f"{lake} has neither sessions nor orders")
    last = max(newest)
    return datetime(last.year, last.month, last.day) + timedelta(days=1)


def _last_receipt(lake: Lake, name: str) -> datetime:
    column = contract(name).received
    with named_by_file(lake.files(name)), connect() as connection:
        return scalar(
            connection,
            f"SELECT max(CAST({column} AS TIMESTAMP)) FROM {_scan(lake, name)} "
            f"WHERE {column} < TIMESTAMP '{END_OF_REAL_TIME}'",
        )


def _scan(lake: Lake, name: str) -> str:
    files = file_list(lake.files(name))
    return f"read_parquet({files}, hive_partitioning=false, union_by_name=true)"
