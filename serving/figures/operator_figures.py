"""Corrected figures of operators, over the sessions of 28 days."""

from __future__ import annotations

import pandas as pd
import pyarrow.parquet as pq

from features.declaration import SESSION
from features.engine.snapshot import Snapshot
from serving.figures.session_figures import COLUMNS, UNITS_OF
from serving.scoring.night_context import NightContext
from serving.scoring.scope import nights_before

EARLIER_NIGHTS = 27


def earlier_session_figures(context: NightContext) -> pd.DataFrame:
    """Corrected figures of sessions that earlier nights published, newest first."""
    parts = []
    for folder in nights_before(context.lake, context.previous_run, EARLIER_NIGHTS):
        frame = pq.read_table(folder / "corrected_figures.parquet").to_pandas()
        # nights of earlier versions kept no certainty
        parts.append(frame[frame["entity_kind"] == SESSION].reindex(columns=COLUMNS))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def operator_figures(sessions: pd.DataFrame, tables: Snapshot) -> pd.DataFrame:
    """Views, unique viewers, likes and follows of operators.

    Errors of sessions may share a cause, so ends of intervals are summed too. The interval is as
    certain as that of its least certain session. Unique viewers do not add up: accounts seen in
    several sessions are counted once, and each session's genuine share carries over.

    Parameters
    ----------
    sessions
        Corrected figures of sessions, newest first; a session's first rows count.
    tables
        dict[str, Any] of the night.
    """
    if sessions.empty or "sessions" not in tables:
        return pd.DataFrame()
    s = sessions[sessions["measure"].isin(list(UNITS_OF))].drop_duplicates(["entity_id", "measure"])
    owner = (
        tables["sessions"]
        .select("session_id", "operator_id")
        .to_pandas()
        .set_index("session_id")["operator_id"]
    )
    s = s.assign(operator=s["entity_id"].map(owner)).dropna(subset=["operator"])
    grouped = s.groupby(["operator", "measure", "unit"], sort=True)
    ends = ["counted", "estimate", "low", "high"]
    total = grouped[ends].sum().assign(certainty=grouped["certainty"].min()).reset_index()
    distinct = total["operator"].map(_distinct_viewers(tables, s["entity_id"])).astype(float)
    factor = distinct / total["counted"].where(total["counted"] > 0)
    unique = total["measure"] == "unique_viewers"
    total.loc[unique, ends] = total.loc[unique, ends].mul(factor[unique].fillna(1.0), axis=0)
    basis = s.groupby("operator")["basis"].max()
    total = total.assign(entity_kind="operator", basis=total["operator"].map(basis))
    return total.rename(columns={"operator": "entity_id"})[COLUMNS]


def _distinct_viewers(tables: Snapshot, sessions: pd.Series) -> pd.Series:
    """Accounts seen in any of an operator's sessions, counted once, by operator."""
    if "views" not in tables:
        return pd.Series(dtype=float)
    scope = tables.scope(sorted(sessions.unique()), SESSION)
    v = tables["views"].semi_join(scope, "session_id")
    owned = v.join(tables["sessions"].select("session_id", "operator_id"), "session_id")
    seen = owned.group_by("operator_id").aggregate(accounts=owned.account_id.nunique()).to_pandas()
    return seen.set_index("operator_id")["accounts"].astype(float)
