"""Retention: which days may be deleted, and their deletion.

The law sets floors. Key operators and legal holds are kept longer. A day folder is rewritten where
some rows must stay, such as those of a trade that is not completed. Tables of one file are not cut,
because other rows refer to them. Runs are deleted whole; their decisions stay in the ledger.
"""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from data_contracts.errors import SteelyardError
from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.parquet import connect, digest_file, file_list, write_file
from data_contracts.runs import published_runs
from data_contracts.verification.run_opening import open_run
from serving.oversight.appeals.appeal_record import list_appeals
from serving.oversight.measures.state import OPERATOR
from serving.oversight.measures.state_reading import read_measures
from serving.oversight.people.roster import APPROVER, OFFICER
from serving.oversight.people.signed_acts import acts_of
from serving.oversight.people.signers import Author, act_author, author_name, record_act
from serving.oversight.row_owners import rows_of_operators_sql
from serving.oversight.trade_completion import (
    first_kept_day,
    kept_until,
    unfinished_rows_sql,
    young_orders,
)
from serving.policy.schema import Policy
from serving.scoring.scope import DAY_FOLDER


class RetentionRefused(SteelyardError):
    """A deletion or a hold is not allowed as asked."""

    exit_code = 13


@dataclass(frozen=True)
class DeletableDay:
    """A day of a table that may be deleted: rows, rows that stay, and the date since when."""

    table: str
    day: str
    rows: int
    stay: int
    since: str


def set_hold(
    folder: LakeOrFolder, operator: str, by: Author, reason: str, lift: bool, now: datetime
) -> dict[str, Any]:
    """Put an operator's data under legal hold, or lift the hold that another person set.

    Raises
    ------
    RetentionRefused
        There is no reason, no hold to lift, or the same person set it.
    NotAuthenticated
        The author has no role for it: an approver lifts, an officer may set.
    """
    lake = Lake.open(folder)
    name = author_name(by)
    if not name.strip() or not reason.strip():
        raise RetentionRefused("a legal hold needs --by and --reason")
    author = act_author(lake, by, lake.legal_holds, (APPROVER,) if lift else (OFFICER, APPROVER))
    if lift:
        hold = holds(lake).get(operator)
        if hold is None:
            raise RetentionRefused(f"there is no legal hold on {operator}")
        if author.sign is not None and hold["by"] == name:
            raise RetentionRefused(f"{name} set the hold on {operator}; another has to lift it")
    event = {
        "operator_id": operator,
        "event": "lifted" if lift else "set",
        "by": author.name,
        "reason": reason,
        "at": now.isoformat(timespec="seconds"),
    }
    return record_act(lake, lake.legal_holds, event, author)


def holds(lake: Lake) -> dict[str, dict[str, Any]]:
    """Record of the legal hold of each operator that is under one. Raises LedgerDamaged."""
    last = {r["operator_id"]: r for r in acts_of(lake, lake.legal_holds)}
    return {k: r for k, r in last.items() if r["event"] == "set"}


def operators_on_hold(lake: Lake) -> set[str]:
    """Operators under legal hold."""
    return set(holds(lake))


def key_operators(lake: Lake, since: date) -> set[str]:
    """Key operators of the published nights since a date."""
    out: set[str] = set()
    for day, run in published_runs(lake).items():
        if day >= since.isoformat() and (lake.run(run)).is_dir():
            d = open_run(lake, run, day).rows("tier_decisions", ["operator_id", "is_key_operator"])
            out |= set(d.loc[d["is_key_operator"], "operator_id"])
    return out


def _protected_operators(
    lake: Lake, table: str, day: date, today: date, policy: Policy
) -> set[str]:
    """Operators whose rows of a day must stay.

    Those under legal hold, with a measure in force or with an open appeal, and key operators for
    longer.
    """
    keep = operators_on_hold(lake) | _operators_in_proceedings(lake, today)
    r = policy.retention
    if r.tables[table] == "live_content" and (today - day).days <= r.key_operator_live_content:
        keep |= key_operators(lake, today - timedelta(days=r.key_operator_live_content))
    return keep


def _operators_in_proceedings(lake: Lake, today: date) -> set[str]:
    """Operators with a measure in force or an appeal that is not decided."""
    moment = datetime.combine(today, datetime.min.time())
    measured = {
        m.subject_id for m in read_measures(lake).in_force(moment) if m.subject_kind == OPERATOR
    }
    appealing = {a.operator_id for a in list_appeals(lake, moment) if a.verdict is None}
    return measured | {o for o in appealing if o is not None}


def _staying_rows_sql(lake: Lake, table: str, day: date, today: date, policy: Policy) -> str:
    """SQL condition of the rows of a day that must stay; `false` where none must."""
    keep = _protected_operators(lake, table, day, today, policy)
    conditions = [
        rows_of_operators_sql(lake, table, keep),
        unfinished_rows_sql(lake, table, policy.retention),
    ]
    return " OR ".join(c for c in conditions if c != "false") or "false"


def _day_files(lake: Lake, table: str) -> dict[date, list[Path]]:
    out: dict[date, list[Path]] = {}
    for path in lake.files(table):
        found = DAY_FOLDER.search(lake.relative(path))
        if found:
            out.setdefault(date.fromisoformat(found.group(1)), []).append(path)
    return out


def _rows(sql: str, young: pa.Table) -> pa.Table:
    with connect() as connection:
        connection.register("young_orders", young)
        return connection.execute(sql).to_arrow_table()


def deletable(folder: LakeOrFolder, today: date, policy: Policy) -> list[DeletableDay]:
    """Days that may be deleted today, oldest first. Nothing is deleted."""
    lake, out = Lake.open(folder), []
    young = young_orders(lake, today, policy.retention)
    for table in policy.retention.tables:
        if table == "runs":
            continue
        for day, files in sorted(_day_files(lake, table).items()):
            until = kept_until(table, day, policy.retention)
            if until >= today:
                continue
            rows = sum(pq.read_metadata(f).num_rows for f in files)
            stays = _staying_rows_sql(lake, table, day, today, policy)
            scan = f"read_parquet({file_list(files)}, hive_partitioning=false, union_by_name=true)"
            count = f"SELECT count(*) FROM {scan} t WHERE {stays}"
            stay = _rows(count, young)[0][0].as_py() if stays != "false" else 0
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
    young = young_orders(lake, today, policy.retention)
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
        stays = _staying_rows_sql(lake, table, day, today, policy)
        for path in files:
            scan = f"read_parquet({file_list([path])}, hive_partitioning=false)"
            kept = f"SELECT t.* FROM {scan} t WHERE {stays}"
            left = _rows(kept, young) if stays != "false" else None
            if left is not None and left.num_rows:
                write_file(path, left.cast(pq.read_schema(path)))
            else:
                path.unlink()
    return wanted
