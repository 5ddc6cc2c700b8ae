"""Retention: which days may be deleted, and their deletion.

The law sets floors. Key operators, legal holds and open proceedings are kept longer. A day folder
is rewritten where some rows must stay, such as those of a trade that is not completed. Tables of
one file are not cut, because other rows refer to them. Runs are deleted whole; their decisions stay
in the ledger.
"""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.parquet import connect, digest_file, file_list, write_file
from data_contracts.runs import published_runs
from data_contracts.verification.run_opening import open_run
from serving.oversight.people.roster import APPROVER
from serving.oversight.people.signers import Author, act_author, author_name, record_act
from serving.oversight.retention.legal_holds import RetentionRefused, operators_on_hold
from serving.oversight.retention.proceedings import (
    DISPUTED_ORDERS,
    Proceedings,
    open_proceedings,
    rows_of_disputes_sql,
)
from serving.oversight.retention.row_owners import rows_of_operators_sql
from serving.oversight.retention.trade_completion import (
    first_kept_day,
    kept_until,
    unfinished_rows_sql,
    young_orders,
)
from serving.policy.retention_policy import RetentionPolicy
from serving.policy.schema import Policy
from serving.scoring.scope import DAY_FOLDER


@dataclass(frozen=True)
class DeletableDay:
    """A day of a table that may be deleted: rows, rows that stay, and the date since when."""

    table: str
    day: str
    rows: int
    stay: int
    since: str


def key_operators(lake: Lake, since: date) -> set[str]:
    """Key operators of the published nights since a date."""
    out: set[str] = set()
    for day, run in published_runs(lake).items():
        if day >= since.isoformat() and (lake.run(run)).is_dir():
            d = open_run(lake, run, day).rows("tier_decisions", ["operator_id", "is_key_operator"])
            out |= set(d.loc[d["is_key_operator"], "operator_id"])
    return out


@dataclass(frozen=True)
class _Keep:
    """Rows that stay on a day of deletion, read once for all tables and days."""

    lake: Lake
    today: date
    retention: RetentionPolicy
    on_hold: set[str]
    proceedings: Proceedings
    young_orders: pa.Table

    @classmethod
    def of(cls, lake: Lake, today: date, policy: Policy) -> _Keep:
        """Read the holds, the proceedings and the trades of a day."""
        young = young_orders(lake, today, policy.retention)
        proceedings = open_proceedings(lake, today, policy)
        return cls(lake, today, policy.retention, operators_on_hold(lake), proceedings, young)

    @cached_property
    def key_operators(self) -> set[str]:
        """Key operators, whose live content stays longer."""
        days = timedelta(days=self.retention.key_operator_live_content)
        return key_operators(self.lake, self.today - days)

    def rows_sql(self, table: str, day: date) -> str:
        """SQL condition of the rows of a day that must stay; `false` where none must."""
        keep, r = self.on_hold | self.proceedings.operators, self.retention
        is_live = r.tables[table] == "live_content"
        if is_live and (self.today - day).days <= r.key_operator_live_content:
            keep = keep | self.key_operators
        conditions = [
            rows_of_operators_sql(self.lake, table, keep),
            unfinished_rows_sql(self.lake, table, r),
            rows_of_disputes_sql(table) if len(self.proceedings.disputed_orders) else "false",
        ]
        return " OR ".join(c for c in conditions if c != "false") or "false"

    def rows(self, sql: str) -> pa.Table:
        """The result of a query that `rows_sql` is part of."""
        with connect() as connection:
            connection.register("young_orders", self.young_orders)
            connection.register(DISPUTED_ORDERS, self.proceedings.disputed_orders)
            return connection.sql(sql).to_arrow_table()


def _day_files(lake: Lake, table: str) -> dict[date, list[Path]]:
    out: dict[date, list[Path]] = {}
    for path in lake.files(table):
        found = DAY_FOLDER.search(lake.relative(path))
        if found:
            out.setdefault(date.fromisoformat(found.group(1)), []).append(path)
    return out


def deletable(folder: LakeOrFolder, today: date, policy: Policy) -> list[DeletableDay]:
    """Days that may be deleted today, oldest first. Nothing is deleted."""
    lake, out = Lake.open(folder), []
    keep = _Keep.of(lake, today, policy)
    for table in policy.retention.tables:
        if table == "runs":
            continue
        for day, files in sorted(_day_files(lake, table).items()):
            until = kept_until(table, day, policy.retention)
            if until >= today:
                continue
            rows = sum(pq.read_metadata(f).num_rows for f in files)
            stays = keep.rows_sql(table, day)
            scan = f"read_parquet({file_list(files)}, hive_partitioning=false, union_by_name=true)"
            count = f"SELECT count(*) FROM {scan} t WHERE {stays}"
            stay = keep.rows(count)[0][0].as_py() if stays != "false" else 0
            if stay < rows:
                out.append(DeletableDay(table, day.isoformat(), rows, stay, until.isoformat()))
    for night, run in sorted(published_runs(lake).items()):
        until = kept_until("runs", date.fromisoformat(night), policy.retention)
        if until < today and (lake.run(run)).is_dir():
            out.append(DeletableDay("runs", night, 1, 0, until.isoformat()))
    return out


def delete_days(
    folder: LakeOrFolder, table: str, before: date, by: Author, now: datetime, policy: Policy
) -> list[DeletableDay]:
    """Delete a table's days before a date, except rows that must stay; returns the days.

    Each deletion is logged first.

    Raises
    ------
    RetentionRefused
        A day in that range has not reached its floor. Nothing is deleted then.
    NotAuthenticated
        The author is no approver.
    """
    lake = Lake.open(folder)
    if table not in policy.retention.tables:
        raise RetentionRefused(
            f"{table!r} has no class of retention; tables: {', '.join(policy.retention.tables)}"
        )
    if not author_name(by).strip():
        raise RetentionRefused("a deletion needs --by")
    author = act_author(lake, by, lake.deletions, (APPROVER,))
    today = now.date()
    first_kept = first_kept_day(table, today, policy.retention)
    if before > first_kept:
        years = policy.retention.years(table)
        raise RetentionRefused(
            f"{table} is kept {policy.retention.days(table)} days "
            f"({policy.retention.tables[table]}{f', {years} calendar years' if years else ''}): "
            f"on {today} nothing from {first_kept} on may be deleted, "
            f"and --before {before} asks for it. Nothing was deleted."
        )
    keep = _Keep.of(lake, today, policy)
    wanted = [
        d
        for d in deletable(lake, now.date(), policy)
        if d.table == table and d.day < before.isoformat()
    ]
    for d in wanted:
        day = date.fromisoformat(d.day)
        run = lake.run(published_runs(lake).get(d.day, "-"))
        files = sorted(run.glob("*.parquet")) if table == "runs" else _day_files(lake, table)[day]
        digests = {lake.relative(p): digest_file(p) for p in files}
        line = asdict(d) | {
            "by": author.name,
            "at": now.isoformat(timespec="seconds"),
            "files": digests,
            "policy_version": policy.version,
        }
        record_act(lake, lake.deletions, line, author)  # nothing goes without a line
        if table == "runs":
            shutil.rmtree(run)
            continue
        stays = keep.rows_sql(table, day)
        for path in files:
            scan = f"read_parquet({file_list([path])}, hive_partitioning=false)"
            kept = f"SELECT t.* FROM {scan} t WHERE {stays}"
            left = keep.rows(kept) if stays != "false" else None
            if left is not None and left.num_rows:
                write_file(path, left.cast(pq.read_schema(path)))
            else:
                path.unlink()
    return wanted
