"""What a night stands on: its moment, its scope, the digest of its inputs, and whether there is enough to score."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd

from data_contracts.contract import contract
from data_contracts.errors import NothingToScore
from data_contracts.lake import Lake
from data_contracts.parquet import connect, digest_file, file_list, scalar
from features.declaration import KEY, ORDER, SESSION
from features.engine.snapshot import Snapshot
from serving.policy.schema import NightPolicy

OWNED = {
    SESSION: "sessions",
    ORDER: "orders",
}  # entities that an operator has, and the table that says whose each is
ORDER_AGE = timedelta(days=7)  # an order is scored again while it is up to a week old
DAY_FOLDER = re.compile(r"day=(\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True)
class Scope:
    """Entities that a night scores."""

    sessions: list[str]
    orders: list[str]


def moment_of(night: date) -> datetime:
    """The end of a night's date: rows received before it are known."""
    return datetime(night.year, night.month, night.day) + timedelta(days=1)


def input_digest(lake: Lake, as_of: datetime) -> str:
    """SHA-256 over the files that may hold rows known at `as_of`; later day folders do not change it."""
    whole = hashlib.sha256()
    for name in lake.delivered():
        for path in lake.files(name):
            day = DAY_FOLDER.search(lake.relative(path))
            if day and day.group(1) >= as_of.date().isoformat():
                continue
            whole.update(f"{lake.relative(path)} {digest_file(path)}\n".encode())
    return whole.hexdigest()


def receipts(lake: Lake, name: str, as_of: datetime, days: int = 8) -> pd.Series:
    """Rows of a table received on each of the last days before `as_of`, newest last."""
    column = contract(name).received
    first = as_of - timedelta(days=days)
    with connect() as connection:
        rows = connection.execute(
            f"SELECT CAST(CAST({column} AS TIMESTAMP) AS DATE) AS day, count(*) AS n FROM "
            f"read_parquet({file_list(lake.files(name))}, hive_partitioning=false, union_by_name=true) "
            f"WHERE {column} >= TIMESTAMP '{first}' AND {column} < TIMESTAMP '{as_of}' GROUP BY 1"
        ).df()
    counts = pd.Series(rows["n"].to_numpy(), index=pd.to_datetime(rows["day"]).dt.date)
    wanted = [(first + timedelta(days=i)).date() for i in range(days)]
    return counts.reindex(wanted).fillna(0).astype(int)


def refuse_short(lake: Lake, names: list[str], as_of: datetime, policy: NightPolicy) -> None:
    """Raise NothingToScore when the night's partition is empty, or much shorter than the days before it."""
    counts = {name: receipts(lake, name, as_of) for name in ("sessions", "orders") if name in names}
    night = (as_of - timedelta(days=1)).date()
    if not any(c.iloc[-1] for c in counts.values()):
        raise NothingToScore(
            f"no session and no order was received on {night} in {lake}: expected at least one. Check the delivery, or name another --date."
        )
    for name, count in counts.items():
        before = count.iloc[:-1]
        usual = before[before > 0].median() if (before > 0).sum() >= 3 else 0
        if count.iloc[-1] < policy.short_share * usual:
            raise NothingToScore(
                f"{name} of {night}: expected about {usual:.0f} rows as on the days before, found {count.iloc[-1]} "
                f"(below {policy.short_share:.0%}). Wait for the delivery to be complete, or pass --allow-short."
            )


def scope_of_night(tables: Snapshot, as_of: datetime) -> Scope:
    """Sessions received on the night's date, and orders received in the last seven days."""
    sessions, orders = [], []
    if "sessions" in tables:
        s = tables["sessions"]
        sessions = (
            s.filter(s.received_at >= as_of - timedelta(days=1)).session_id.to_pandas().tolist()
        )
    if "orders" in tables:
        o = tables["orders"]
        orders = o.filter(o.received_at >= as_of - ORDER_AGE).order_id.to_pandas().tolist()
    return Scope(sorted(sessions), sorted(orders))


def owners_of(tables: Snapshot, entity: str, ids: Iterable[str]) -> pd.Series:
    """The operator of each of some sessions or orders, by their ids; None where it is not known."""
    key, table = KEY[entity], tables.get(OWNED[entity])
    wanted = pd.Index(ids, name=key)
    if table is None or not len(wanted):
        return pd.Series(None, index=wanted, dtype=object)
    found = (
        table.semi_join(tables.scope(list(wanted), entity), key)
        .select(key, "operator_id")
        .to_pandas()
    )
    return found.drop_duplicates(key).set_index(key)["operator_id"].reindex(wanted)


def operators_named(tables: Snapshot) -> list[str]:
    """Operators that sessions or orders name."""
    named = [
        tables[n].filter(tables[n].operator_id.notnull()).operator_id.to_pandas()
        for n in ("sessions", "orders")
        if n in tables
    ]
    return sorted(set().union(*named))


def newest_receipt(lake: Lake) -> datetime:
    """The start of the day after the newest receipt of sessions or orders."""
    newest = [receipts_end(lake, name) for name in ("sessions", "orders") if lake.files(name)]
    if not newest:
        raise NothingToScore(f"{lake} has neither sessions nor orders")
    last = max(newest)
    return datetime(last.year, last.month, last.day) + timedelta(days=1)


def receipts_end(lake: Lake, name: str) -> datetime:
    """Moment of the newest receipt of a table."""
    with connect() as connection:
        return scalar(
            connection,
            f"SELECT max(CAST({contract(name).received} AS TIMESTAMP)) FROM "
            f"read_parquet({file_list(lake.files(name))}, hive_partitioning=false, union_by_name=true)",
        )


def nights_before(lake: Lake, run: str | None, most: int = 28) -> list[Path]:
    """Folders of a run and of those it stands on, newest first, as far back as they are there in today's form.

    Retention may have removed older ones, and nights of earlier versions kept no policy and lack tables that are read here.
    """
    out: list[Path] = []
    while run is not None and len(out) < most and (lake.run(run) / "policy.toml").exists():
        out.append(lake.run(run))
        run = json.loads((out[-1] / "manifest.json").read_text("utf-8"))["before"]
    return out
