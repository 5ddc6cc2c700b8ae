"""Slices of a training frame on which a challenger may not be worse: groups and look-alikes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.declaration import ORDER, SESSION
from features.engine.snapshot import Snapshot
from training.dataset.frame import Dataset
from training.declaration import Model

NEW_OPERATOR_DAYS = 30


def slices(snapshot: Snapshot, model: Model, data: Dataset) -> dict[str, np.ndarray]:
    """Masks of the rows of groups (new, small, region, category) and of look-alikes.

    Look-alikes are honest kinds that tables show: virtual hosts, raided and boosted sessions. A
    kind whose table was not delivered has a mask without rows.
    """
    owner = _owners(snapshot, model, data)
    nobody = np.zeros(len(data), dtype=bool)
    out: dict[str, np.ndarray] = {"group new": nobody}
    if "operators" not in snapshot:
        out |= {"group region": nobody, "group category": nobody}
    if "operators" in snapshot:
        o = (
            snapshot["operators"]
            .select("operator_id", "registered_at", "region", "category")
            .to_pandas()
            .set_index("operator_id")
        )
        age = (
            data.received.to_numpy() - owner.map(o["registered_at"]).to_numpy()
        ) / np.timedelta64(1, "D")
        out["group new"] = np.asarray(age < NEW_OPERATOR_DAYS)
        for kind in ("region", "category"):
            values = owner.map(o[kind]).to_numpy(dtype=object)
            out |= {
                f"group {kind} {v}": values == v
                for v in sorted({str(x) for x in values if isinstance(x, str)})
            }
    sizes = owner.map(owner.value_counts())
    out["group small"] = (sizes <= sizes.median()).to_numpy()
    if model.entity == SESSION:
        for name, sessions in _look_alikes(snapshot).items():
            out[f"look-alike {name}"] = data.entity.isin(sessions).to_numpy()
    return out


def _look_alikes(snapshot: Snapshot) -> dict[str, set[str]]:
    """Sessions of each kind of look-alike; none where its table was not delivered."""
    found: dict[str, set[str]] = {"virtual host": set(), "raided": set(), "boosted": set()}
    if "sessions" in snapshot:
        s = snapshot["sessions"]
        found["virtual host"] = set(s.filter(s.virtual_host).session_id.to_pandas())
    for name, table, column in (
        ("raided", "room_links", "to_session_id"),
        ("boosted", "boosts", "session_id"),
    ):
        if table in snapshot:
            found[name] = set(snapshot[table][column].to_pandas())
    return found


def _owners(snapshot: Snapshot, model: Model, data: Dataset) -> pd.Series:
    """Operator of each row."""
    if model.entity not in (SESSION, ORDER):
        return data.entity.astype(object)
    t = snapshot["sessions" if model.entity == SESSION else "orders"]
    frame = (
        t.select(e=f"{model.entity}_id", operator_id="operator_id")
        .to_pandas()
        .set_index("e")["operator_id"]
    )
    return data.entity.map(frame)
