"""Planted truth of a simulated world, by kind of entity; it lies beside the lake."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from features.declaration import ACCOUNT, OPERATOR, ORDER, SESSION, VIEW
from features.engine.snapshot import Snapshot
from features.engine.tables import named_views
from training.dataset.sampling import session_of

MIN_FALSE_SHARES = {"views": 0.1, "likes": 0.2, "follows": 0.2}  # from which a session is inflated
MIN_FALSE_COUNT = 3
Planted = tuple[pd.DataFrame, pd.DataFrame, pd.Series]


def _sessions(_tables: Snapshot, truth: Path, ids: pd.Index) -> Planted | None:
    t = _read(truth, "sessions")
    if t is None:
        return None
    t = t.drop_duplicates("session_id").set_index("session_id").reindex(ids)
    shares = {}
    false_any = np.zeros(len(t))
    over: dict[str, np.ndarray] = {}
    for measure, least in MIN_FALSE_SHARES.items():
        false = _number(t, f"false_{measure}")
        total = _number(t, measure)
        shares[measure] = np.clip(false / np.maximum(np.maximum(total, false), 1.0), 0.0, 1.0)
        over[measure] = (shares[measure] >= least) & (false >= MIN_FALSE_COUNT)
        false_any += false
    false_any += _number(t, "false_orders")
    engaged = over["likes"] | over["follows"]
    clean = false_any == 0
    targets = pd.DataFrame(
        {
            # a session with the other fraud alone is an honest one of this kind
            "view_fraud": _target(over["views"], clean | (engaged & (shares["views"] == 0))),
            "engagement_fraud": _target(
                engaged, clean | (over["views"] & (shares["likes"] + shares["follows"] == 0))
            ),
        },
        index=ids,
    )
    targets[~(clean | over["views"] | engaged)] = np.nan
    return targets, pd.DataFrame(shares, index=ids), _scheme(t)


def _views(tables: Snapshot, truth: Path, ids: pd.Index) -> Planted | None:
    t = _read(truth, "views")
    if t is None:
        return None
    columns = ["session_id", "account_id", "device_id", "joined_at"]
    v = tables["views"]
    wanted = tables.scope(sorted(set(session_of(ids))), SESSION)
    seen = named_views(v.semi_join(wanted, "session_id")).select("view_id", *columns).to_pandas()
    t = t[[*columns, "scheme"]].drop_duplicates(columns)
    for frame in (seen, t):
        frame["joined_at"] = pd.to_datetime(frame["joined_at"], utc=True).dt.as_unit("us")
        for column in columns[:3]:
            frame[column] = frame[column].astype(object).where(frame[column].notna(), "")
    found = seen.merge(t, "left", on=columns).drop_duplicates("view_id").set_index("view_id")
    scheme = found["scheme"].reindex(ids)
    targets = pd.DataFrame({"fraud": scheme.notna().astype(float)}, index=ids)
    return targets, pd.DataFrame(index=ids), scheme.fillna("")


def _orders(_tables: Snapshot, truth: Path, ids: pd.Index) -> Planted | None:
    t = _read(truth, "orders")
    if t is None:
        return None
    t = t.drop_duplicates("order_id").set_index("order_id").reindex(ids)
    false = t["false"].fillna(False).to_numpy(dtype=bool)
    abused = ~false & (_scheme(t) != "").to_numpy()
    return (
        pd.DataFrame({"fraud": _target(false, ~false & ~abused)}, index=ids),
        pd.DataFrame(index=ids),
        _scheme(t),
    )


def _operators(_tables: Snapshot, truth: Path, ids: pd.Index) -> Planted | None:
    t = _read(truth, "operators")
    if t is None:
        return None
    t = t.drop_duplicates("operator_id").set_index("operator_id").reindex(ids)
    role = t["role"].fillna("honest").to_numpy()
    targets = _target(role == "cheat", (role == "honest") | (role == "victim"))
    return pd.DataFrame({"fraud": targets}, index=ids), pd.DataFrame(index=ids), _scheme(t)


def _accounts(_tables: Snapshot, truth: Path, ids: pd.Index) -> Planted | None:
    t = _read(truth, "accounts")
    if t is None:
        return None
    used = ids.isin(t["account_id"])
    scheme = t.drop_duplicates("account_id").set_index("account_id")["kind"].reindex(ids)
    return (
        pd.DataFrame({"fraud": used.astype(float)}, index=ids),
        pd.DataFrame(index=ids),
        scheme.fillna(""),
    )


PLANTED = {
    SESSION: _sessions,
    VIEW: _views,
    ORDER: _orders,
    OPERATOR: _operators,
    ACCOUNT: _accounts,
}


def _read(truth: Path, name: str) -> pd.DataFrame | None:
    path = truth / f"{name}.parquet"
    return pq.read_table(path).to_pandas() if path.exists() else None


def _number(t: pd.DataFrame, name: str) -> np.ndarray:
    if name not in t:
        return np.zeros(len(t))
    return t[name].fillna(0).to_numpy(dtype=float)


def _target(positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
    return np.where(positive, 1.0, np.where(negative, 0.0, np.nan))


def _scheme(t: pd.DataFrame) -> pd.Series:
    if "scheme" not in t:
        return pd.Series("", index=t.index)
    return t["scheme"].fillna("").astype(str).replace({"none": "", "honest": "", "clean": ""})
