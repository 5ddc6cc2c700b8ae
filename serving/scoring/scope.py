"""Scope of a night: its moment, the entities that it scores, and what its tables say of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd

from data_contracts.lake import Lake
from data_contracts.verification.published_run import PublishedRun
from data_contracts.verification.run_opening import open_run
from features.declaration import KEY, OPERATOR, ORDER, SESSION
from features.engine.snapshot import Snapshot
from training.dataset.sampling import sample_by_hash

# Entities that have an operator, and the table that names it.
OWNED = {SESSION: "sessions", ORDER: "orders"}
MAX_ORDER_AGE = timedelta(days=7)
MAX_REFERENCE_AGE = timedelta(days=14)
# A day of a small platform has too few sessions to show each stratum of size.
MIN_COMPARED_SESSIONS = 1000
DAY_FOLDER = re.compile(r"day=(\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True)
class Scope:
    """Ids of the sessions and orders that a night scores, sorted."""

    sessions: list[str]
    orders: list[str]


def moment_of(night: date) -> datetime:
    """End of a night's date. Rows received before it are known."""
    return datetime(night.year, night.month, night.day) + timedelta(days=1)


def scope_of_night(tables: Snapshot, as_of: datetime) -> Scope:
    """Sessions received on the night's date, and orders received in the last seven days."""
    sessions, orders = [], []
    if "sessions" in tables:
        s = tables["sessions"]
        tonight = s.filter(s.received_at >= as_of - timedelta(days=1))
        sessions = tonight.session_id.to_pandas().tolist()
    if "orders" in tables:
        o = tables["orders"]
        orders = o.filter(o.received_at >= as_of - MAX_ORDER_AGE).order_id.to_pandas().tolist()
    return Scope(sorted(sessions), sorted(orders))


def reference_sessions(tables: Snapshot, as_of: datetime, tonight: list[str]) -> list[str]:
    """Further sessions of two weeks, in the order of `by_name`, until there are enough to compare.

    Parameters
    ----------
    tables
        dict[str, Any] of the night.
    as_of
        Moment of the night.
    tonight
        Sessions that the night scores; the result has none of them.
    """
    if len(tonight) >= MIN_COMPARED_SESSIONS:
        return []
    s = tables["sessions"]
    recent = s.filter(s.received_at >= as_of - MAX_REFERENCE_AGE).session_id.to_pandas()
    return sample_by_hash(set(recent) - set(tonight), MIN_COMPARED_SESSIONS - len(tonight))


def owners_of(tables: Snapshot, entity: str, ids: Iterable[str]) -> pd.Series:
    """Operators of sessions or orders, by id in the order given; None where not known."""
    key, name = KEY[entity], OWNED[entity]
    wanted = pd.Index(ids, name=key)
    if name not in tables or not len(wanted):
        return pd.Series(None, index=wanted, dtype=object)
    found = (
        tables[name]
        .semi_join(tables.scope(list(wanted), entity), key)
        .select(key, "operator_id")
        .to_pandas()
    )
    return found.drop_duplicates(key).set_index(key)["operator_id"].reindex(wanted)


def operators_named(tables: Snapshot) -> list[str]:
    """Operators that sessions or orders name, sorted."""
    named = [
        tables[n].filter(tables[n].operator_id.notnull()).operator_id.to_pandas()
        for n in ("sessions", "orders")
        if n in tables
    ]
    return sorted(set().union(*named))


def categories_of(tables: Snapshot, entity: str) -> pd.Series | None:
    """Category of each entity, by id: the stratum of its peers. None where not delivered."""
    if entity == SESSION and "sessions" in tables:
        found = tables["sessions"].select("session_id", "category")
    elif entity == OPERATOR and "operators" in tables:
        found = tables["operators"].select("operator_id", "category")
    elif entity == ORDER and "operators" in tables and "orders" in tables:
        operators = tables["operators"].select("operator_id", "category")
        orders = tables["orders"].select("order_id", "operator_id")
        found = orders.join(operators, "operator_id").select("order_id", "category")
    else:
        return None
    return found.to_pandas().set_index(KEY[entity])["category"].astype(object)


def nights_before(lake: Lake, run_id: str | None, max_nights: int = 28) -> list[PublishedRun]:
    """A run and the runs that it follows, newest first; their files are verified when read.

    The list ends where retention removed a run, or where an earlier version kept no policy.
    """
    out: list[PublishedRun] = []
    while run_id is not None and len(out) < max_nights:
        if not lake.run(run_id).is_dir():
            break
        run = open_run(lake, run_id)
        if not run.has("policy.toml"):
            break
        out.append(run)
        run_id = run.manifest["before"]
    return out
