"""Delivery of a night: the digest of its files, and whether enough was received to score."""

from __future__ import annotations

import hashlib
import warnings
from datetime import datetime, timedelta

import pandas as pd

from data_contracts.contract import END_OF_REAL_TIME, contract
from data_contracts.errors import NothingToScore
from data_contracts.file_checks import UNREADABLE, named_by_file
from data_contracts.intake.short_deliveries import Suspicion
from data_contracts.intake.suspicions import suspicions_of
from data_contracts.lake import Lake
from data_contracts.parquet import connect, digest_file, file_list, first_time, scalar
from features.engine.snapshot import Snapshot
from serving.policy.schema import NightPolicy
from serving.scoring.night_context import NightContext

MIN_DAYS_FOR_MEDIAN = 3


class DeliveryChanged(UserWarning):
    """Files that the last night had read are other files now."""

    in_words = True


def delivered_files(lake: Lake, as_of: datetime) -> dict[str, str]:
    """SHA-256 of each file that may hold rows known at `as_of`, by its name below the lake.

    Files of later receipts alone do not change it. Their statistics say so, not their folders:
    a backfill may lie in the folder of a later day.
    """
    found = {}
    for name in lake.delivered():
        received = contract(name).received
        for path in lake.files(name):
            try:
                first = first_time(path, received) if received else None
            except UNREADABLE:  # the checks of the night name it
                first = None
            if first is None or first < as_of:
                found[lake.relative(path)] = digest_file(path)
    return found


def input_digest(files: dict[str, str]) -> str:
    """SHA-256 over `delivered_files`."""
    whole = hashlib.sha256()
    for name, digest in files.items():
        whole.update(f"{name} {digest}\n".encode())
    return whole.hexdigest()


def warn_of_changes(before: dict[str, str], now: dict[str, str]) -> None:
    """Warn where a file that the last night read was changed or removed since.

    Retention and a repeated delivery do so rightly. Nobody else should, and no other trace of it
    would be seen.

    Parameters
    ----------
    before
        `delivered_files` of the last night.
    now
        Those of this night.
    """
    changed = sorted(name for name, digest in before.items() if now.get(name) != digest)
    if not changed:
        return
    more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
    warnings.warn(
        f"delivered files have changed since the last night read them: {', '.join(changed[:3])}"
        f"{more}. Where retention or a repeated delivery did it, all is well; else deliver them "
        "again, and replay the nights that read them",
        DeliveryChanged,
        stacklevel=2,
    )


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
            f"The newest arrived on {newest_receipt(lake).date() - timedelta(days=1)}. Check the "
            "delivery, or name another --date."
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


def suspicions_of_night(context: NightContext, tables: Snapshot) -> list[Suspicion]:
    """Suspicions of the rows that a night knows, and of informative tables that lack rows."""
    names = [n for n in context.lake.delivered() if n in tables]
    night = (context.as_of - timedelta(days=1)).date()
    short = context.policy.night.short_share
    # a cursor of its own: a result that is not read to its end blocks the snapshot's connection
    with tables[names[0]].get_backend().con.cursor() as connection:
        return suspicions_of(connection, {n: n for n in names}, night, short)


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
