"""A published night beside planted truth: tiers by role, and corrected figures by entity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from data_contracts.lake import Lake
from data_contracts.runs import read_outbound
from features.declaration import OPERATOR, ORDER, SESSION

PLATFORM = "platform"
MEASURES = ("views", "likes", "follows", "orders")
MIN_INFLATED_SHARE = 0.05  # false share of a figure, and at least one, from which it is inflated


@dataclass(frozen=True)
class Truth:
    """Planted truth of a world, by id: sessions, orders and operators."""

    sessions: pd.DataFrame
    orders: pd.DataFrame
    operators: pd.DataFrame

    @classmethod
    def read(cls, folder: Path) -> Truth:
        """Truth as a family writes it; a table that a world does not have is empty."""
        return cls(
            *(
                _table(folder, f"{kind}s", f"{kind}_id", columns)
                for kind, columns in (
                    (SESSION, [c for m in MEASURES for c in (m, f"false_{m}")]),
                    (ORDER, ["false"]),
                    (OPERATOR, ["role", "scheme", "first_at"]),
                )
            )
        )

    def false_share(self, measure: str) -> pd.Series:
        """True false share of a measure by session, 0 to 1."""
        false = self.sessions[f"false_{measure}"].astype(float).fillna(0.0)
        total = self.sessions[measure].astype(float).fillna(0.0)
        return (false / np.maximum(np.maximum(total, false), 1.0)).clip(0.0, 1.0)


def _table(folder: Path, name: str, key: str, columns: list[str]) -> pd.DataFrame:
    path = folder / f"{name}.parquet"
    read = pq.read_table(path).to_pandas() if path.exists() else pd.DataFrame({key: []})
    by_id = read.drop_duplicates(key).set_index(key)
    return by_id.reindex(columns=[*by_id.columns, *(c for c in columns if c not in by_id)])


def tiers(lake: Path, truth: Truth, as_of: datetime) -> pd.DataFrame:
    """Tier of each operator and whether it cheats: index operator; columns tier, cheat.

    Victims count as honest. Rivals, and cheats that begin later, are left out.
    """
    decided = read_outbound(lake, "tier_decisions").set_index("operator_id")
    t = truth.operators.reindex(decided.index)
    role = t["role"].fillna("honest")
    first = pd.to_datetime(t["first_at"], utc=True).dt.tz_localize(None)
    kept = (role != "rival") & ~((role == "cheat") & (first >= as_of))
    out = pd.DataFrame({"tier": decided["tier"], "cheat": role == "cheat", "role": role})
    return out[kept.to_numpy()]


def figures(lake: Path, truth: Truth) -> pd.DataFrame:
    """Corrected figures with the true false share of each.

    Columns kind, entity_id, operator_id, measure, counted, estimate, low, high, certainty, share.
    """
    seen = read_outbound(lake, "corrected_figures")
    seen = seen[seen["measure"].isin(MEASURES)].rename(columns={"entity_kind": "kind"})
    numbers = ["counted", "estimate", "low", "high", "certainty"]
    seen[numbers] = seen[numbers].astype(float)
    parts = [
        _session_figures(rows, truth, str(measure))
        for measure, rows in seen[seen["kind"] == SESSION].groupby("measure")
    ]
    by_session = pd.concat(parts) if parts else pd.DataFrame()
    sold = _false_orders(lake, truth)
    for measure, rows in seen[seen["kind"] == OPERATOR].groupby("measure"):
        share = sold if measure == "orders" else _share_of_operators(by_session, str(measure))
        ids = rows["entity_id"]
        parts.append(rows.assign(share=share.reindex(ids).to_numpy(), operator_id=ids))
    for measure, rows in seen[seen["kind"] == PLATFORM].groupby("measure"):
        share = _share_of_platform(by_session, str(measure))
        parts.append(rows.assign(share=share, operator_id=PLATFORM))
    columns = ["kind", "entity_id", "operator_id", "measure", *numbers, "share"]
    if not parts:
        return pd.DataFrame(columns=columns)
    out = pd.concat(parts, ignore_index=True)[columns]
    return out.dropna(subset=["counted", "estimate", "share"]).query("counted > 0")


def _session_figures(rows: pd.DataFrame, truth: Truth, measure: str) -> pd.DataFrame:
    ids = rows["entity_id"]
    owner = truth.sessions["operator_id"].reindex(ids).to_numpy()
    return rows.assign(share=truth.false_share(measure).reindex(ids).to_numpy(), operator_id=owner)


def _share_of_operators(by_session: pd.DataFrame, measure: str) -> pd.Series:
    """False share of each operator's sessions of the night."""
    if by_session.empty:
        return pd.Series(dtype=float)
    rows = by_session[by_session["measure"] == measure]
    false = (rows["counted"] * rows["share"]).groupby(rows["operator_id"]).sum()
    return false / rows.groupby("operator_id")["counted"].sum().clip(lower=1e-9)


def _share_of_platform(by_session: pd.DataFrame, measure: str) -> float:
    """False share of all sessions of the night; NaN where none has the figure."""
    if by_session.empty:
        return float("nan")
    rows = by_session[by_session["measure"] == measure]
    counted = rows["counted"].sum()
    return float((rows["counted"] * rows["share"]).sum() / counted) if counted else float("nan")


def _false_orders(lake: Path, truth: Truth) -> pd.Series:
    """False share of the scored orders of each operator."""
    scores = read_outbound(lake, "scores")
    ids = scores.loc[scores["entity_kind"] == ORDER, "entity_id"].drop_duplicates()
    if ids.empty:
        return pd.Series(dtype=float)
    files = Lake.open(lake).files("orders")
    named = pd.concat(
        pq.read_table(p, columns=["order_id", "operator_id"]).to_pandas() for p in files
    )
    owner = named.drop_duplicates("order_id").set_index("order_id")["operator_id"].reindex(ids)
    false = truth.orders["false"].reindex(ids).eq(True).astype(float)
    return false.groupby(owner.to_numpy()).mean()


def error_columns(rows: pd.DataFrame) -> pd.DataFrame:
    """Figures with true, inflated, clean, errors relative to the true figure, and coverage."""
    true = rows["counted"] * (1.0 - rows["share"])
    false, slack = rows["counted"] - true, 0.5 + 0.01 * rows["counted"]  # rows may come late
    return rows.assign(
        true=true,
        inflated=false >= np.maximum(MIN_INFLATED_SHARE * rows["counted"], 1.0),
        clean=false <= 0,
        error_counted=(rows["counted"] - true).abs() / np.maximum(true, 1.0),
        error_corrected=(rows["estimate"] - true).abs() / np.maximum(true, 1.0),
        covered=(rows["low"] - slack <= true) & (true <= rows["high"] + slack),
        removed=(rows["counted"] - rows["estimate"]).clip(lower=0.0),
    )
